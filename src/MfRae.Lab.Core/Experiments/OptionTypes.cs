using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads the shape of options from the records; no other class uses reflection. The primary constructor of a record names its options and
/// their defaults; attributes give ranges, choices and kinds.
/// </summary>
internal static class OptionTypes
{
    /// <summary>`base` of an experiment file.</summary>
    public static OptionType Lab() => TypeOf(typeof(LabOptions), null);

    /// <summary>`evaluation` of an experiment file.</summary>
    public static OptionType Evaluation() => TypeOf(typeof(EvaluationOptions), null);

    /// <summary>A record without kinds.</summary>
    public static OptionType Of(Type record) => TypeOf(record, null);

    /// <summary>The record of the network of a generator.</summary>
    /// <param name="kind">Its kind; null: the default.</param>
    public static Type GeneratorNetwork(string? kind) =>
        (typeof(GeneratorNetworkOptions).GetCustomAttributes<OptionKindAttribute>().FirstOrDefault(known => known.Kind == kind)
            ?? typeof(GeneratorNetworkOptions).GetCustomAttributes<OptionKindAttribute>().Single(known => known.IsDefault)).Record;

    /// <summary>The experiment file itself.</summary>
    public static OptionType ExperimentFile() => new(null, null,
    [
        new("$schema", new TextShape([]), false, null),
        new("version", new NumberShape(true, 1, 1), true, null),
        new("question", new TextShape([]), true, null),
        new("expectation", new TextShape([]), true, null),
        new("primaryMetric", new TextShape([]), false, "fid@1"),
        new("smallestRelevantEffect", new CustomShape("a number above 0"), false, null),
        new("contrasts", new CustomShape("an array of contrasts: objects with a name and weights of arms"), false, null),
        new("extends", new TextShape([]), false, null),
        new("base", new ObjectShape(Lab()), true, null),
        new("arms", new CustomShape("an object: name of an arm → options that it changes in `base`"), false, null),
        new("axes", new CustomShape("an object: path of an option → array of its values, or axis → object with named levels"), false, null),
        new("zip", new BooleanShape(), false, false),
        new("baseline", new CustomShape("the name of an arm, or with `axes` an object: axis → level"), false, null),
        new("seeds", new CustomShape("an array of whole numbers, or a range such as \"0-5\""), false, null),
        new("pilotSeeds", new CustomShape("an array of whole numbers, or a range such as \"100-101\""), false, null),
        new("evaluation", new ObjectShape(Evaluation()), true, null),
        new("report", new ObjectShape(new OptionType(null, null, [new("title", new TextShape([]), false, null)])), false, null),
    ]);

    /// <summary>All paths of options of the type and all its kinds, including objects and their `kind`.</summary>
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
        var shape = ShapeOf(property.PropertyType, property);
        object? fallback = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        if (shape is NumberShape { OrAuto: true })
        {
            fallback ??= AutoNumberConverter.Auto;
        }

        return new OptionProperty(name, shape, !parameter.HasDefaultValue, fallback);
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
            bool orAuto = property.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType == typeof(AutoNumberConverter);
            return new NumberShape(type == typeof(int), range.Minimum, range.Maximum, orAuto);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new ListShape(ShapeOf(type.GetGenericArguments()[0], property));
        }

        var optional = type.GetCustomAttributes<OptionKindAttribute>().ToList();
        if (optional.Count > 0)
        {
            return new UnionShape(
                [.. optional.Select(kind => TypeOf(kind.Record, kind.Kind))], optional.Single(kind => kind.IsDefault).Kind);
        }

        var kinds = type.GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();
        return kinds.Count == 0
            ? new ObjectShape(TypeOf(type, null))
            : new UnionShape([.. kinds.Select(kind => TypeOf(kind.DerivedType, (string)kind.TypeDiscriminator!))]);
    }
}

/// <summary>The options of one record.</summary>
/// <param name="Record">The record, or null for the experiment file itself.</param>
/// <param name="Kind">Its discriminator, or null if it has none.</param>
internal sealed record OptionType(Type? Record, string? Kind, IReadOnlyList<OptionProperty> Properties)
{
    public OptionProperty? Find(string name) => Properties.FirstOrDefault(property => property.Name == name);
}

/// <summary>One option of a record.</summary>
/// <param name="Default">The default of an option that is not required; null if the default is null.</param>
internal sealed record OptionProperty(string Name, OptionShape Shape, bool Required, object? Default);

/// <summary>The values that an option accepts, read from the option records.</summary>
internal abstract record OptionShape
{
    /// <summary>The expected value, as messages describe it.</summary>
    public abstract string Expected { get; }
}

/// <summary>A number in a range.</summary>
/// <param name="Whole">Whether it must be a whole number.</param>
/// <param name="OrAuto">Whether the string `auto` is accepted too.</param>
internal sealed record NumberShape(bool Whole, double Minimum, double Maximum, bool OrAuto = false) : OptionShape
{
    public override string Expected
    {
        get
        {
            string number = Whole ? "a whole number" : "a number";
            string range = Minimum == Maximum ? Text(Minimum)
                : Maximum == double.MaxValue ? $"{number} of at least {Text(Minimum)}"
                : $"{number} from {Text(Minimum)} to {Text(Maximum)}";
            return OrAuto ? $"{range} or \"{AutoNumberConverter.Auto}\"" : range;
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>True or false.</summary>
internal sealed record BooleanShape : OptionShape
{
    public override string Expected => "true or false";
}

/// <summary>A string.</summary>
/// <param name="Choices">The accepted strings; empty: any string.</param>
internal sealed record TextShape(IReadOnlyList<string> Choices) : OptionShape
{
    public override string Expected => Choices.Count == 0 ? "a string" : Nearest.Either(Choices);
}

/// <summary>An array.</summary>
internal sealed record ListShape(OptionShape Item) : OptionShape
{
    public override string Expected => $"an array in which each item is {Item.Expected}";
}

/// <summary>An object with the options of one record.</summary>
internal sealed record ObjectShape(OptionType Type) : OptionShape
{
    public override string Expected => "an object with " + string.Join(", ", Type.Properties.Select(property => property.Name));
}

/// <summary>An object whose `kind` selects one of several records.</summary>
/// <param name="DefaultKind">The kind of an object without `kind`; null: `kind` is required.</param>
internal sealed record UnionShape(IReadOnlyList<OptionType> Kinds, string? DefaultKind = null) : OptionShape
{
    public override string Expected => "an object whose `kind` is " + Nearest.Either(KindNames);

    public IReadOnlyList<string> KindNames => [.. Kinds.Select(type => type.Kind!)];

    public OptionType? Find(string? kind) => Kinds.FirstOrDefault(type => type.Kind == (kind ?? DefaultKind));
}

/// <summary>A value with a separate reader that checks it.</summary>
internal sealed record CustomShape(string Described) : OptionShape
{
    public override string Expected => Described;
}
