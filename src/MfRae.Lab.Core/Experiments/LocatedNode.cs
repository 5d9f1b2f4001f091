using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Experiments;

/// <summary>A JSON value that knows where it was written, also after it was merged into another file's tree.</summary>
internal abstract class LocatedNode(Location location)
{
    public Location Location { get; } = location;

    public bool IsNull => this is LocatedScalar { Kind: JsonValueKind.Null };

    /// <summary>What a message calls this value.</summary>
    public abstract string Describe();

    public abstract JsonNode? ToJson();

    /// <summary>Equal as JSON values: numbers by value, objects whatever their order.</summary>
    public bool SameValue(LocatedNode other) => JsonNode.DeepEquals(ToJson(), other.ToJson());
}

/// <param name="json">The value as JSON text.</param>
/// <param name="text">The characters of a text, else null.</param>
/// <param name="bare">The word as written where it is not JSON, such as NaN: then the kind is undefined, and it is no value of any option.</param>
internal sealed class LocatedScalar(Location location, JsonValueKind kind, string json, string? text = null, string? bare = null)
    : LocatedNode(location)
{
    public JsonValueKind Kind { get; } = kind;

    public string Json { get; } = json;

    public string? Text { get; } = text;

    public string? Bare { get; } = bare;

    public override string Describe() => Kind switch
    {
        JsonValueKind.String => $"the text {Json}",
        JsonValueKind.Number => $"the number {Json}",
        _ => Bare ?? Json,
    };

    public override JsonNode? ToJson() => JsonNode.Parse(Json);
}

internal sealed class LocatedArray(Location location) : LocatedNode(location)
{
    public List<LocatedNode> Items { get; } = [];

    public override string Describe() => "a list";

    public override JsonNode ToJson() => new JsonArray([.. Items.Select(item => item.ToJson())]);
}

/// <param name="Key">Where the name stands.</param>
internal sealed record LocatedProperty(string Name, Location Key, LocatedNode Value);

/// <summary>An object. A property that is null counts as absent: it puts an option back to its default.</summary>
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
/// JSON merge patch (RFC 7396) with one more rule: a patch that changes the `kind` of an object replaces it, since the
/// options of one kind mean nothing to another. A null stays in the tree as a mark of absence that knows its place.
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

    /// <param name="at">Where the merged object is said to be, should something be missing from it.</param>
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

    private static bool ChangesKind(LocatedObject old, LocatedObject change) =>
        change.GetText("kind") is { } kind && old.GetText("kind") is { } before && kind != before;
}
