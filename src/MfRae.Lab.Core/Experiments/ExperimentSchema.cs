using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// JSON Schema (draft 2020-12) of the experiment file for editors, generated from the option records. Extended files and arms are partial,
/// so the schema requires only kinds; the reader reports missing options.
/// </summary>
public static class ExperimentSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema as indented JSON.</summary>
    public static string Write()
    {
        var writer = new SchemaWriter();
        var file = OptionTypes.ExperimentFile();
        var schema = writer.Object(file);
        var properties = (JsonObject)schema["properties"]!;
        properties["version"] = new JsonObject { ["const"] = 1 };
        var paths = new JsonArray([.. OptionTypes.Paths(OptionTypes.Lab()).Select(path => JsonValue.Create(path))]);
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
            ["propertyNames"] = Either(
                new JsonObject { ["enum"] = paths }, new JsonObject { ["pattern"] = "^[\\p{L}\\p{M}\\p{N}_+-]{1,200}$" }),
            ["additionalProperties"] = Either(
                RandomAxis.Schema(),
                new JsonObject
                {
                    ["type"] = Types("array", "object", "null"),
                    ["minItems"] = 1,
                    ["minProperties"] = 1,
                    ["propertyNames"] = new JsonObject { ["pattern"] = "^[\\p{L}\\p{M}\\p{N}._+-]{1,200}$" },
                }),
        };
        properties["baseline"] = new JsonObject { ["type"] = Types("string", "object", "null") };
        var seed = new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = int.MaxValue };
        properties["seeds"] = Either(
            new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = seed },
            new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$" },
            new JsonObject { ["type"] = "null" });
        properties["pilotSeeds"] = properties["seeds"]!.DeepClone();
        properties["smallestRelevantEffect"] = new JsonObject { ["type"] = Types("number", "null"), ["exclusiveMinimum"] = 0 };
        properties["contrasts"] = new JsonObject
        {
            ["type"] = Types("array", "null"),
            ["minItems"] = 1,
            ["items"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["name"] = new JsonObject { ["type"] = "string" },
                    ["title"] = new JsonObject { ["type"] = Types("string", "null") },
                    ["weights"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = Types("number", "null") } },
                    ["metric"] = new JsonObject { ["type"] = Types("string", "null") },
                    ["smallestRelevantEffect"] = properties["smallestRelevantEffect"]!.DeepClone(),
                },
                ["required"] = new JsonArray("name", "weights"),
                ["additionalProperties"] = false,
            },
        };
        properties["halving"] = new JsonObject
        {
            ["type"] = Types("object", "null"),
            ["properties"] = new JsonObject
            {
                ["rungs"] = new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1 } },
                ["keep"] = new JsonObject { ["type"] = Types("number", "null"), ["exclusiveMinimum"] = 0, ["exclusiveMaximum"] = 1, ["default"] = Planning.Halving.UsualShare },
            },
            ["required"] = new JsonArray("rungs"),
            ["additionalProperties"] = false,
        };
        foreach (var option in file.Properties)
        {
            properties[option.Name]!["description"] = option.Description;
        }

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

/// <summary>Writes option shapes as JSON Schema, with each record once under `$defs`.</summary>
internal sealed class SchemaWriter
{
    private readonly OptionDocumentation _documentation = new();

    public JsonObject Definitions { get; } = [];

    public static JsonObject Reference(string name) => new() { ["$ref"] = $"#/$defs/{name}" };

    public JsonObject Object(OptionType type)
    {
        var properties = new JsonObject();
        if (type.Kind is { } kind)
        {
            properties["kind"] = new JsonObject { ["const"] = kind };
        }

        foreach (var option in type.Properties)
        {
            properties[option.Name] = Property(type, option);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (type.Record is not null)
        {
            schema["description"] = _documentation.Of(type.Record);
        }

        if (type.Kind is not null)
        {
            schema["required"] = new JsonArray("kind");
        }

        return schema;
    }

    private JsonObject Property(OptionType owner, OptionProperty option)
    {
        var schema = Value(option);
        schema["description"] = _documentation.Described(owner, option);
        return schema;
    }

    private JsonObject Value(OptionProperty option)
    {
        var schema = Shape(option.Shape);
        if (option.Required)
        {
            return schema;
        }

        // Null resets an option to its default.
        if (schema["type"] is JsonValue type)
        {
            schema["type"] = new JsonArray(type.DeepClone(), "null");
            (schema["enum"] as JsonArray)?.Add((JsonNode?)null);
        }
        else
        {
            schema = new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }

        if (option.Default is { } value)
        {
            schema["default"] = value switch
            {
                bool flag => flag,
                string text => text,
                int whole => whole,
                _ => (double)value,
            };
        }

        return schema;
    }

    private JsonObject Shape(OptionShape shape) => shape switch
    {
        NumberShape number => Number(number),
        BooleanShape => new JsonObject { ["type"] = "boolean" },
        TextShape { Choices.Count: > 0 } text => new JsonObject
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. text.Choices.Select(choice => JsonValue.Create(choice))]),
        },
        TextShape => new JsonObject { ["type"] = "string" },
        ListShape list => new JsonObject { ["type"] = "array", ["items"] = Shape(list.Item) },
        ObjectShape { Type.Record: null } inner => Object(inner.Type),
        ObjectShape inner => Define(PlainName(inner.Type.Record!), () => Object(inner.Type)),
        UnionShape union => Define(union.Kinds[0].Record!.BaseType!.Name, () => Union(union)),
        _ => [],
    };

    // A record that is also a kind of some union has a second definition without `kind`.
    private static string PlainName(Type record) => record.BaseType == typeof(object) ? record.Name : record.Name + "WithoutKind";

    private static JsonObject Number(NumberShape number)
    {
        if (number.OrAuto)
        {
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    Number(number with { OrAuto = false }), new JsonObject { ["const"] = Options.AutoNumberConverter.Auto }),
            };
        }

        var schema = new JsonObject { ["type"] = number.Whole ? "integer" : "number", ["minimum"] = number.Minimum };
        if (number.Maximum < double.MaxValue)
        {
            schema["maximum"] = number.Maximum;
        }

        return schema;
    }

    /// <summary>One branch for each kind, and one for a patch that does not change the kind.</summary>
    private JsonObject Union(UnionShape union)
    {
        var options = new JsonObject();
        foreach (var group in union.Kinds.SelectMany(kind => kind.Properties.Select(option => (Owner: kind, Option: option))).GroupBy(item => item.Option.Name))
        {
            var schemas = group.Select(item => Property(item.Owner, item.Option)).DistinctBy(schema => schema.ToJsonString()).ToList();
            options[group.Key] = schemas.Count == 1 ? schemas[0] : new JsonObject { ["anyOf"] = new JsonArray([.. schemas]) };
        }

        var patch = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = options,
            ["additionalProperties"] = false,
        };
        var kinds = union.Kinds.Select(kind => Define(kind.Record!.Name, () => Object(kind)));
        return new JsonObject { ["description"] = _documentation.Of(union.Base), ["oneOf"] = new JsonArray([.. kinds, patch]) };
    }

    private JsonObject Define(string name, Func<JsonObject> write)
    {
        if (!Definitions.ContainsKey(name))
        {
            // Reserves the name before its parts are written, so that the definitions are in reading order.
            Definitions[name] = new JsonObject();
            Definitions[name] = write();
        }

        return Reference(name);
    }
}
