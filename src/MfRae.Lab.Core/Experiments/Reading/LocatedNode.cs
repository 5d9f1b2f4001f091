using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Experiments.Reading;

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
