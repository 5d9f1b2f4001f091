using System.Globalization;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>What a value in an experiment file may look like, read off the option records.</summary>
internal abstract record OptionShape
{
    /// <summary>What a message says is expected.</summary>
    public abstract string Expected { get; }
}

internal sealed record NumberShape(bool Whole, double Minimum, double Maximum) : OptionShape
{
    public override string Expected
    {
        get
        {
            string number = Whole ? "a whole number" : "a number";
            return Minimum == Maximum ? Text(Minimum)
                : Maximum == double.MaxValue ? $"{number} of at least {Text(Minimum)}"
                : $"{number} from {Text(Minimum)} to {Text(Maximum)}";
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}

internal sealed record BooleanShape : OptionShape
{
    public override string Expected => "true or false";
}

/// <param name="Choices">The words it may be; empty: any text.</param>
internal sealed record TextShape(IReadOnlyList<string> Choices) : OptionShape
{
    public override string Expected => Choices.Count == 0 ? "a text" : Nearest.Either(Choices);
}

internal sealed record ListShape(OptionShape Item) : OptionShape
{
    public override string Expected => $"a list whose items are {Item.Expected}";
}

internal sealed record ObjectShape(OptionType Type) : OptionShape
{
    public override string Expected => "an object with " + string.Join(", ", Type.Properties.Select(property => property.Name));
}

/// <summary>An object whose `kind` says which of several records it is.</summary>
internal sealed record UnionShape(IReadOnlyList<OptionType> Kinds) : OptionShape
{
    public override string Expected => "an object whose kind is " + Nearest.Either(KindNames);

    public IReadOnlyList<string> KindNames => [.. Kinds.Select(type => type.Kind!)];

    public OptionType? Find(string? kind) => Kinds.FirstOrDefault(type => type.Kind == kind);
}

/// <summary>A value that its own reader checks.</summary>
internal sealed record OwnShape(string Described) : OptionShape
{
    public override string Expected => Described;
}
