using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Walks every option type, so that a new one cannot break the conventions the reader and the keys rest on.</summary>
public sealed class OptionRecordTests
{
    /// <summary>Strings that are paths or parts of a command, and not words.</summary>
    private static readonly string[] Paths = ["Path", "Weights", "NoiseFile", "Command", "Inputs"];

    public static TheoryData<Type> Records =>
    [
        .. typeof(LabOptions).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(LabOptions).Namespace
                && type.Name.EndsWith("Options", StringComparison.Ordinal)
                && !type.IsAbstract)
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Records))]
    public void It_is_a_sealed_positional_record(Type record)
    {
        record.IsSealed.Should().BeTrue();
        Constructor(record).GetParameters().Select(parameter => parameter.Name)
            .Should().Equal(Properties(record).Select(property => property.Name), "every option is a parameter of the primary constructor");
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Numbers_have_ranges_that_contain_their_defaults(Type record)
    {
        foreach (var property in Properties(record).Where(
            property => Item(property.PropertyType) is var item && (item == typeof(int) || item == typeof(double))))
        {
            var range = property.GetCustomAttribute<OptionRangeAttribute>();
            range.Should().NotBeNull($"{record.Name}.{property.Name} is a number");
            if (Parameter(record, property) is { HasDefaultValue: true, DefaultValue: { } value })
            {
                Convert.ToDouble(value).Should().BeInRange(range!.Minimum, range.Maximum, property.Name);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Choices_are_listed_and_contain_their_defaults(Type record)
    {
        foreach (var property in Properties(record).Where(
            property => Item(property.PropertyType) == typeof(string) && !Paths.Contains(property.Name)))
        {
            var choice = property.GetCustomAttribute<OptionChoiceAttribute>();
            choice.Should().NotBeNull($"{record.Name}.{property.Name} is a word");
            if (Parameter(record, property) is { HasDefaultValue: true, DefaultValue: string value })
            {
                choice!.Choices.Should().Contain(value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Required_options_alone_restore_all_defaults_from_JSON(Type record)
    {
        var made = Make(record);
        var declared = Kinds(record.BaseType!).Any() ? record.BaseType! : record;
        var full = JsonSerializer.SerializeToNode(made, LabJson.Default.GetTypeInfo(declared)!)!.AsObject();
        var required = Constructor(record).GetParameters().Where(parameter => !parameter.HasDefaultValue).Select(
            parameter => JsonName(record, parameter));
        var least = new JsonObject(full
            .Where(property => property.Key == "kind" || required.Contains(property.Key))
            .Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone())));

        object restored = least.Deserialize(LabJson.Default.GetTypeInfo(declared)!)!;

        restored.Should().BeOfType(record);
        JsonSerializer.SerializeToNode(restored, LabJson.Default.GetTypeInfo(declared)!)!.ToJsonString().Should().Be(full.ToJsonString());
        if (!HoldsList(record))
        {
            // Lists compare by reference, all else by value.
            restored.Should().Be(made);
        }
    }

    [Fact]
    public void Every_concrete_record_of_a_family_has_a_kind()
    {
        var families = typeof(LabOptions).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(LabOptions).Namespace
                && type is { IsAbstract: true, IsInterface: false }
                && type.Name.EndsWith("Options", StringComparison.Ordinal))
            .ToList();

        families.Should().HaveCountGreaterThan(5);
        foreach (var family in families)
        {
            Kinds(family).Should().BeEquivalentTo(typeof(LabOptions).Assembly.GetTypes().Where(type => type.BaseType == family));
            if (family.GetCustomAttributes<OptionKindAttribute>().ToList() is { Count: > 0 } optional)
            {
                optional.Should().ContainSingle(kind => kind.IsDefault);
            }
            else
            {
                family.GetCustomAttribute<JsonPolymorphicAttribute>()!.TypeDiscriminatorPropertyName.Should().Be("kind");
            }
        }
    }

    private static IEnumerable<Type> Kinds(Type family) => family.GetCustomAttributes<JsonDerivedTypeAttribute>().Select(kind => kind.DerivedType)
        .Concat(family.GetCustomAttributes<OptionKindAttribute>().Select(kind => kind.Record));

    private static bool HoldsList(Type record) => Properties(record).Any(property =>
        Item(property.PropertyType) is var item
        && (item != (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) || item == typeof(SamplingOptions) || item == typeof(AutoencoderKlOptions)));

    /// <summary>The record with its defaults, and the smallest allowed value for options without a default.</summary>
    private static object Make(Type type)
    {
        if (type.IsAbstract)
        {
            return Make(Kinds(type).First());
        }

        return Constructor(type).Invoke([.. Constructor(type).GetParameters().Select(parameter =>
        {
            var property = type.GetProperty(parameter.Name!)!;
            return parameter.HasDefaultValue ? parameter.DefaultValue : Value(property.PropertyType, property);
        })]);
    }

    private static object Value(Type type, PropertyInfo property)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = Array.CreateInstance(type.GetGenericArguments()[0], 1);
            list.SetValue(Value(type.GetGenericArguments()[0], property), 0);
            return list;
        }

        double minimum = property.GetCustomAttribute<OptionRangeAttribute>()?.Minimum ?? 0;
        return type == typeof(int) ? (int)minimum
            : type == typeof(double) ? minimum
            : type == typeof(string) ? property.GetCustomAttribute<OptionChoiceAttribute>()?.Choices[0] ?? "path"
            : Make(type);
    }

    private static ConstructorInfo Constructor(Type record) => record.GetConstructors().Single();

    private static IEnumerable<PropertyInfo> Properties(Type record) => record.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static ParameterInfo? Parameter(Type record, PropertyInfo property) =>
        Constructor(record).GetParameters().SingleOrDefault(parameter => parameter.Name == property.Name);

    private static string JsonName(Type record, ParameterInfo parameter) =>
        record.GetProperty(parameter.Name!)!.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);

    private static Type Item(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
            ? type.GetGenericArguments()[0]
            : Nullable.GetUnderlyingType(type) ?? type;
}
