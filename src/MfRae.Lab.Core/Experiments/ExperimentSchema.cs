using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments.Reading;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// JSON Schema (draft 2020-12) of the experiment file, for editors, made from the option records. What a file extends and
/// what an arm changes are parts of the whole, so the schema requires nothing but kinds; the reader says what is missing.
/// </summary>
public static class ExperimentSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write()
    {
        var writer = new SchemaWriter();
        var file = OptionTypes.ExperimentFile();
        var schema = writer.Object(file);
        var properties = (JsonObject)schema["properties"]!;
        var paths = new JsonArray([.. OptionTypes.Paths(OptionTypes.Lab()).Select(path => JsonValue.Create(path))]);
        properties["version"] = new JsonObject { ["const"] = 1 };
        var arm = writer.Object(OptionTypes.Lab());
        ((JsonObject)arm["properties"]!)["title"] = new JsonObject { ["type"] = Types("string", "null") };
        properties["arms"] = new JsonObject
        {
            ["type"] = Types("object", "null"),
            ["propertyNames"] = new JsonObject { ["pattern"] = "^[\\p{L}\\p{M}\\p{N}._=,+-]{1,200}$" },
            ["additionalProperties"] = Either(arm, new JsonObject { ["type"] = "null" }),
        };
        properties["axes"] = new JsonObject
        {
            ["type"] = Types("object", "null"),
            ["propertyNames"] = new JsonObject { ["enum"] = paths },
            ["additionalProperties"] = new JsonObject { ["type"] = Types("array", "null"), ["minItems"] = 1 },
        };
        properties["baseline"] = new JsonObject { ["type"] = Types("string", "object", "null") };
        var seed = new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = int.MaxValue };
        properties["seeds"] = Either(
            new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = seed },
            new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$" },
            new JsonObject { ["type"] = "null" });
        var document = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "MfRae.Lab experiment",
        };
        foreach (var (name, value) in schema)
        {
            document[name] = value?.DeepClone();
        }

        document["$defs"] = writer.Definitions;
        return document.ToJsonString(Indented) + "\n";
    }

    private static JsonArray Types(params string[] names) => [.. names.Select(name => JsonValue.Create(name))];

    private static JsonObject Either(params JsonNode[] schemas) => new() { ["anyOf"] = new JsonArray([.. schemas]) };
}
