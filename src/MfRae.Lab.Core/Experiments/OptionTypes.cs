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
        File("$schema", new TextShape([]), "The JSON Schema of this file, for editors."),
        File("version", new NumberShape(true, 1, 1), "The version of the format.", "1"),
        File("question", new TextShape([]), "The question that the experiment answers.", "\"Does λ = 0 reach a lower FID than λ = 1?\""),
        File("expectation", new TextShape([]), "The expected outcome, written before the run.", "\"λ = 0 is lower, because …\""),
        File("primaryMetric", new TextShape([]), "The metric of the verdicts, with its number of network evaluations.") with { Default = "fid@1" },
        File("smallestRelevantEffect", new CustomShape("a number above 0"),
            "The effect in the primary metric below which a difference does not matter: a log ratio, or a difference for metrics that may be zero or "
                + "negative. Without it there are no verdicts."),
        File("contrasts", new CustomShape("an array of contrasts: objects with a name and weights of arms"),
            "The contrasts of arms that carry the verdicts. Without them, every arm is compared with the baseline."),
        File("extends", new TextShape([]), "A file whose options this file changes, relative to this file."),
        File("base", new ObjectShape(Lab()), "All options of all stages, which arms change.", "{ … }"),
        File("arms", new CustomShape("an object: name of an arm → options that it changes in `base`"), "Named arms: the options that each changes in `base`, and a `title`."),
        File("axes", new CustomShape("an object: path of an option → array of its values, or axis → object with named levels"),
            "A grid of arms, one for each combination of levels. An axis has the path of an option and its values, or a name and named changes of `base`."),
        File("zip", new BooleanShape(), "Whether the first levels of all axes make the first arm, the second levels the second arm, and so on.") with { Default = false },
        File("drawSeed", new NumberShape(true, 0, int.MaxValue), "The seed of the values of random axes.") with { Default = 0 },
        File("baseline", new CustomShape("the name of an arm, or with `axes` an object: axis → level"), "The arm that the other arms are compared with."),
        File("seeds", new CustomShape("an array of whole numbers, or a range such as \"0-5\""), "The seeds under which every arm runs; absent: seed 0."),
        File("pilotSeeds", new CustomShape("an array of whole numbers, or a range such as \"100-101\""),
            "Seeds that explore: they run and are shown, and no mean and no test contains them."),
        File("halving", new CustomShape("an object with `rungs` and `keep`"),
            "Stops the worst arms after pilot seeds: `rungs` are the numbers of pilot seeds after which arms are compared by the primary metric, `keep` is the "
                + "share of the arms, without the baseline, that continue (absent: 0.5). Stopped arms stay in the report without a verdict."),
        File("evaluation", new ObjectShape(Evaluation()), "The metrics and references, equal for all arms.",
            "{ \"features\": { \"kind\": \"randomConvolution\" }, \"metrics\": [{ \"kind\": \"fid\" }], \"references\": [\"test\"] }"),
        File("report", new ObjectShape(new OptionType(null, null, [File("title", new TextShape([]), "The heading of the page; absent: the name of the file.")])),
            "Settings of the report."),
    ]);

    /// <summary>An option of the file itself.</summary>
    /// <param name="example">A value as JSON, for an option that is required.</param>
    private static OptionProperty File(string name, OptionShape shape, string description, string? example = null) =>
        new(name, shape, example is not null, null) { Description = description, Example = example };

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

    /// <summary>The values that the kinds of a type accept at a path.</summary>
    public static IEnumerable<OptionShape> ShapesAt(OptionType type, string path)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        var shape = type.Find(dot < 0 ? path : path[..dot])?.Shape;
        return (shape, dot) switch
        {
            (null, _) => [],
            (_, < 0) => [shape],
            (ObjectShape inner, _) => ShapesAt(inner.Type, path[(dot + 1)..]),
            (UnionShape union, _) => union.Kinds.SelectMany(kind => ShapesAt(kind, path[(dot + 1)..])),
            _ => [],
        };
    }

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

        return new OptionProperty(name, shape, !parameter.HasDefaultValue, fallback)
        {
            Parameter = parameter.Name,
            Example = property.GetCustomAttribute<OptionExampleAttribute>()?.Json,
        };
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
            return new NumberShape(type == typeof(int), range.Minimum, range.Maximum, orAuto, range.Unit);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new ListShape(ShapeOf(type.GetGenericArguments()[0], property));
        }

        var optional = type.GetCustomAttributes<OptionKindAttribute>().ToList();
        if (optional.Count > 0)
        {
            return new UnionShape(
                type, [.. optional.Select(kind => TypeOf(kind.Record, kind.Kind))], optional.Single(kind => kind.IsDefault).Kind);
        }

        var kinds = type.GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();
        return kinds.Count == 0
            ? new ObjectShape(TypeOf(type, null))
            : new UnionShape(type, [.. kinds.Select(kind => TypeOf(kind.DerivedType, (string)kind.TypeDiscriminator!))]);
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
internal sealed record OptionProperty(string Name, OptionShape Shape, bool Required, object? Default)
{
    /// <summary>The parameter of the record's constructor, whose comment describes the option; null for options of the file itself.</summary>
    public string? Parameter { get; init; }

    /// <summary>The description of an option of the file itself; null for options of records.</summary>
    public string? Description { get; init; }

    /// <summary>A value as JSON, for a message about a missing option; null if the shape gives one.</summary>
    public string? Example { get; init; }
}

/// <summary>The values that an option accepts, read from the option records.</summary>
internal abstract record OptionShape
{
    /// <summary>The expected value, as messages describe it.</summary>
    public abstract string Expected { get; }
}

/// <summary>A number in a range.</summary>
/// <param name="Whole">Whether it must be a whole number.</param>
/// <param name="OrAuto">Whether the string `auto` is accepted too.</param>
/// <param name="Unit">Its unit; null for a pure number.</param>
internal sealed record NumberShape(bool Whole, double Minimum, double Maximum, bool OrAuto = false, string? Unit = null) : OptionShape
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
/// <param name="Base">The record that all kinds extend.</param>
/// <param name="DefaultKind">The kind of an object without `kind`; null: `kind` is required.</param>
internal sealed record UnionShape(Type Base, IReadOnlyList<OptionType> Kinds, string? DefaultKind = null) : OptionShape
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
