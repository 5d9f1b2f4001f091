using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads the shape of options off the records: the one place that reflects. A record's primary constructor names its
/// options and their defaults; attributes give ranges, words and kinds.
/// </summary>
internal static class OptionTypes
{
    /// <summary>`base` of an experiment file.</summary>
    public static OptionType Lab() => TypeOf(typeof(LabOptions), null);

    /// <summary>`evaluation` of an experiment file.</summary>
    public static OptionType Evaluation() => TypeOf(typeof(EvaluationOptions), null);

    /// <summary>A record that is not one of several kinds.</summary>
    public static OptionType Of(Type record) => TypeOf(record, null);

    /// <summary>The experiment file itself.</summary>
    public static OptionType ExperimentFile() => new(null, null,
    [
        new("$schema", new TextShape([]), false, null),
        new("version", new NumberShape(true, 1, 1), true, null),
        new("question", new TextShape([]), true, null),
        new("expectation", new TextShape([]), true, null),
        new("primaryMetric", new TextShape([]), false, "fid@1"),
        new("extends", new TextShape([]), false, null),
        new("base", new ObjectShape(Lab()), true, null),
        new("arms", new CustomShape("an object: name of an arm → what it changes in `base`"), false, null),
        new("axes", new CustomShape("an object: path of an option → list of its values"), false, null),
        new("zip", new BooleanShape(), false, false),
        new("baseline", new CustomShape("the name of an arm, or with axes an object: path of an option → value"), false, null),
        new("seeds", new CustomShape("a list of whole numbers, or a range such as \"0-5\""), false, null),
        new("evaluation", new ObjectShape(Evaluation()), true, null),
        new("report", new ObjectShape(new OptionType(null, null, [new("title", new TextShape([]), false, null)])), false, null),
    ]);

    /// <summary>Every path that names an option of the type, of whatever kind; objects and their `kind` included.</summary>
    public static IEnumerable<string> Paths(OptionType type, string prefix = "") => type.Properties.SelectMany(property =>
    {
        string path = prefix + property.Name;
        return property.Shape switch
        {
            ObjectShape inner => [path, .. Paths(inner.Type, path + ".")],
            UnionShape union => [path, path + ".kind", .. union.Kinds.SelectMany(kind => Paths(kind, path + ".")).Distinct()],
            _ => Enumerable.Repeat(path, 1),
        };
    });

    private static OptionType TypeOf(Type record, string? kind)
    {
        var constructor = record.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
        return new OptionType(record, kind, [.. constructor.GetParameters().Select(parameter => PropertyOf(record, parameter))]);
    }

    private static OptionProperty PropertyOf(Type record, ParameterInfo parameter)
    {
        var property = record.GetProperty(parameter.Name!)!;
        string name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(
            property.Name);
        object? fallback = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        return new OptionProperty(name, ShapeOf(property.PropertyType, property), !parameter.HasDefaultValue, fallback);
    }

    private static OptionShape ShapeOf(Type declared, PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (type == typeof(bool))
        {
            return new BooleanShape();
        }

        if (type == typeof(string))
        {
            return new TextShape(property.GetCustomAttribute<OptionChoiceAttribute>()?.Choices ?? []);
        }

        if (type == typeof(int) || type == typeof(double))
        {
            var range = property.GetCustomAttribute<OptionRangeAttribute>()
                ?? throw new InvalidOperationException($"{property.DeclaringType}.{property.Name} has no OptionRange");
            return new NumberShape(type == typeof(int), range.Minimum, range.Maximum);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new ListShape(ShapeOf(type.GetGenericArguments()[0], property));
        }

        var kinds = type.GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();
        return kinds.Count == 0
            ? new ObjectShape(TypeOf(type, null))
            : new UnionShape([.. kinds.Select(kind => TypeOf(kind.DerivedType, (string)kind.TypeDiscriminator!))]);
    }
}

/// <summary>The options of one record.</summary>
/// <param name="Record">The record, or null for the experiment file itself.</param>
/// <param name="Kind">Its discriminator, or null where it has none.</param>
internal sealed record OptionType(Type? Record, string? Kind, IReadOnlyList<OptionProperty> Properties)
{
    public OptionProperty? Find(string name) => Properties.FirstOrDefault(property => property.Name == name);
}

/// <param name="Default">The default, where the option is not required; null where that is "none".</param>
internal sealed record OptionProperty(string Name, OptionShape Shape, bool Required, object? Default);

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
internal sealed record CustomShape(string Described) : OptionShape
{
    public override string Expected => Described;
}
