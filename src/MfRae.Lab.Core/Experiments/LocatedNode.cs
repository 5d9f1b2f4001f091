using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Experiments;

/// <summary>A JSON value with its location, which it keeps when it is merged into the tree of another file.</summary>
internal abstract class LocatedNode(Location location)
{
    public Location Location { get; } = location;

    public bool IsNull => this is LocatedScalar { Kind: JsonValueKind.Null };

    /// <summary>The value, as messages describe it.</summary>
    public abstract string Describe();

    public abstract JsonNode? ToJson();

    /// <summary>Whether both are equal JSON values: numbers by value, objects in any order.</summary>
    public bool SameValue(LocatedNode other) => JsonNode.DeepEquals(ToJson(), other.ToJson());
}

/// <summary>A string, number, boolean, null or bare word.</summary>
/// <param name="json">The value as JSON text.</param>
/// <param name="text">The characters of a string, otherwise null.</param>
/// <param name="bare">A word that is not JSON, such as NaN: its kind is undefined, and no option accepts it.</param>
internal sealed class LocatedScalar(Location location, JsonValueKind kind, string json, string? text = null, string? bare = null)
    : LocatedNode(location)
{
    public JsonValueKind Kind { get; } = kind;

    public string Json { get; } = json;

    public string? Text { get; } = text;

    public string? Bare { get; } = bare;

    public override string Describe() => Kind switch
    {
        JsonValueKind.String => $"the string {Json}",
        JsonValueKind.Number => $"the number {Json}",
        _ => Bare ?? Json,
    };

    public override JsonNode? ToJson() => JsonNode.Parse(Json);
}

/// <summary>An array.</summary>
internal sealed class LocatedArray(Location location) : LocatedNode(location)
{
    public List<LocatedNode> Items { get; } = [];

    public override string Describe() => "an array";

    public override JsonNode ToJson() => new JsonArray([.. Items.Select(item => item.ToJson())]);
}

/// <summary>A property of an object.</summary>
/// <param name="Key">The location of the name.</param>
internal sealed record LocatedProperty(string Name, Location Key, LocatedNode Value);

/// <summary>An object. A property that is null counts as missing: it resets an option to its default.</summary>
internal sealed class LocatedObject(Location location) : LocatedNode(location)
{
    public List<LocatedProperty> Properties { get; } = [];

    public LocatedProperty? Find(string name) => Properties.FirstOrDefault(property => property.Name == name);

    public LocatedNode? Get(string name) => Find(name) is { Value.IsNull: false } property ? property.Value : null;

    public string? GetText(string name) => (Get(name) as LocatedScalar)?.Text;

    public override string Describe() => "an object";

    public override JsonNode ToJson()
    {
        var json = new JsonObject();
        foreach (var property in Properties.Where(property => !property.Value.IsNull))
        {
            json[property.Name] = property.Value.ToJson();
        }

        return json;
    }
}

/// <summary>
/// JSON merge patch (RFC 7396) with an additional rule: a patch that changes the `kind` of an object replaces the object, because kinds
/// have different options. A null stays in the tree, so that a missing option has a location.
/// </summary>
internal static class MergePatch
{
    public static LocatedNode Apply(LocatedNode? target, LocatedNode patch) =>
        target is LocatedObject old && patch is LocatedObject change && !ChangesKind(old, change)
            ? Merge(old, change, old.Location)
            : patch;

    /// <summary>The patch that sets one option.</summary>
    public static LocatedObject At(IReadOnlyList<string> path, LocatedNode value)
    {
        LocatedNode inner = value;
        for (int i = path.Count - 1; i >= 0; i--)
        {
            var outer = new LocatedObject(value.Location);
            outer.Properties.Add(new LocatedProperty(path[i], value.Location, inner));
            inner = outer;
        }

        return (LocatedObject)inner;
    }

    /// <summary>Merges two objects.</summary>
    /// <param name="at">The location of the merged object, for messages about missing options.</param>
    public static LocatedObject Merge(LocatedObject old, LocatedObject change, Location at)
    {
        var merged = new LocatedObject(at);
        foreach (var property in old.Properties)
        {
            merged.Properties.Add(change.Find(property.Name) is { } patch
                ? patch with { Value = Apply(property.Value, patch.Value) }
                : property);
        }

        merged.Properties.AddRange(change.Properties.Where(property => old.Find(property.Name) is null));
        return merged;
    }

    /// <summary>The paths of the options that a patch sets.</summary>
    public static IEnumerable<string> Leaves(LocatedObject patch, string prefix = "") => patch.Properties.SelectMany(property =>
        property.Value is LocatedObject inner ? Leaves(inner, $"{prefix}{property.Name}.") : [prefix + property.Name]);

    private static bool ChangesKind(LocatedObject old, LocatedObject change) =>
        change.GetText("kind") is { } kind && old.GetText("kind") is { } before && kind != before;
}
