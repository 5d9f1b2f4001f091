using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments.Reading;

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
        new("arms", new OwnShape("an object: name of an arm → what it changes in `base`"), false, null),
        new("axes", new OwnShape("an object: path of an option → list of its values"), false, null),
        new("zip", new BooleanShape(), false, false),
        new("baseline", new OwnShape("the name of an arm, or with axes an object: path of an option → value"), false, null),
        new("seeds", new OwnShape("a list of whole numbers, or a range such as \"0-5\""), false, null),
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
