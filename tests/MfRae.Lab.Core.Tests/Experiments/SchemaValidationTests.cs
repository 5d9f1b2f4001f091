using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using MfRae.Lab.TestSupport;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Evaluates the committed JSON Schema with JsonSchema.Net, as an editor does.</summary>
public sealed class SchemaValidationTests
{
    private const string Example = "experiments/base/fashion-mnist.json";

    private static readonly JsonSchema Schema =
        JsonSchema.FromText(File.ReadAllText(Repository.File("experiments/experiment.schema.json")));

    public static TheoryData<string> Shipped =>
    [
        .. Directory.GetFiles(Repository.File("experiments"), "*.json", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.EndsWith(".schema.json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Shipped_experiments_are_valid(string file) => IsValid(Node(file)).Should().BeTrue();

    [Theory]
    [InlineData("unknown-key")]
    [InlineData("wrong-type")]
    [InlineData("out-of-range")]
    [InlineData("unknown-kind")]
    public void Malformed_experiments_are_invalid(string name) =>
        IsValid(Node($"tests/Golden/diagnostics/{name}.json")).Should().BeFalse();

    /// <summary>A schema describes JSON values, so it cannot express a syntax error.</summary>
    [Theory]
    [InlineData("broken-json")]
    public void Malformed_experiments_that_are_not_JSON_are_left_to_the_reader(string name) =>
        FluentActions.Invoking(() => Node($"tests/Golden/diagnostics/{name}.json")).Should().Throw<JsonException>();

    [Theory]
    [InlineData("version", "2")]
    [InlineData("seeds", "\"0 to 5\"")]
    [InlineData("seeds", "[1.5]")]
    [InlineData("axes", "{ \"meanflow.tangentLamda\": [0] }")]
    [InlineData("axes", "{ \"meanflow.lambda\": 0 }")]
    [InlineData("axes", "{ \"meanflow.lambda\": {} }")]
    [InlineData("axes", "{ \"start\": { \"a b\": {} } }")]
    [InlineData("arms", "{ \"a b\": {} }")]
    [InlineData("arms", "{ \"a\": 1 }")]
    [InlineData("base.sampler", "{}")]
    [InlineData("base.meanflow.lamda", "1")]
    [InlineData("base.meanflow.lambda", "\"0.5\"")]
    [InlineData("base.meanflow.lambda", "1.5")]
    [InlineData("base.meanflow.initialisation", "\"techer\"")]
    [InlineData("base.meanflow.time", "\"uniform\"")]
    [InlineData("base.meanflow.derivative.kind", "\"reverseMode\"")]
    [InlineData("base.teacher.kind", "\"flowMaching\"")]
    [InlineData("base.sampling.samples", "12.5")]
    [InlineData("base.sampling.steps", "1")]
    [InlineData("evaluation.references", "[\"tset\"]")]
    [InlineData("evaluation.metrics", "[{ \"kind\": \"fdi\" }]")]
    public void A_mistake_in_one_value_is_invalid(string path, string value) => IsValid(With(path, value)).Should().BeFalse();

    [Theory]
    [InlineData("base.meanflow.network.trunkHeads", "5", "a number that must divide another option")]
    [InlineData("base.sampling.keptLatents", "20000", "a limit that is another option")]
    [InlineData("base.sampling.steps", "[2, 1]", "the order of items")]
    [InlineData("base.decoder", "{ \"kind\": \"none\" }", "a combination of stages")]
    [InlineData("evaluation.metrics", "[{}]", "a missing kind, which an arm may omit")]
    [InlineData("primaryMetric", "\"fid@4\"", "names that depend on other options")]
    [InlineData("seeds", "\"5-0\"", "the order of the ends of a range")]
    public void Mistakes_that_a_schema_cannot_express_are_left_to_the_reader(string path, string value, string reason) =>
        IsValid(With(path, value)).Should().BeTrue(reason);

    [Fact]
    public void Missing_options_are_left_to_the_reader_because_extended_files_may_omit_them()
    {
        var document = Node(Example);
        document.Remove("version");

        IsValid(document).Should().BeTrue();
    }

    private static bool IsValid(JsonNode? node) => Schema.Evaluate(JsonSerializer.SerializeToElement(node)).IsValid;

    private static JsonObject Node(string file) => JsonNode.Parse(
        File.ReadAllText(Repository.File(file)),
        documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.AsObject();

    private static JsonObject With(string path, string value)
    {
        var document = Node(Example);
        var owner = document;
        string[] steps = path.Split('.');
        foreach (string step in steps[..^1])
        {
            owner = owner[step]!.AsObject();
        }

        owner[steps[^1]] = JsonNode.Parse(value);
        return document;
    }
}
