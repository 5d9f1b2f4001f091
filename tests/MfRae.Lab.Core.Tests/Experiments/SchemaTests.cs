using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class SchemaTests
{
    [Fact]
    public void The_committed_schema_is_that_of_the_option_records() =>
        Golden.Check("experiments/experiment.schema.json", ExperimentSchema.Write());

    [Fact]
    public void All_references_of_the_schema_are_defined()
    {
        var schema = JsonNode.Parse(ExperimentSchema.Write())!;

        var references = Descendants(schema).OfType<JsonObject>().Select(node => (string?)(node["$ref"] as JsonValue)).OfType<string>()
            .Distinct().ToList();
        var defined = schema["$defs"]!.AsObject().Select(definition => "#/$defs/" + definition.Key);

        references.Should().NotBeEmpty().And.BeEquivalentTo(defined);
    }

    [Fact]
    public void Ranges_words_kinds_and_defaults_come_from_the_records()
    {
        var definitions = JsonNode.Parse(ExperimentSchema.Write())!["$defs"]!;

        var meanFlow = definitions["LambdaMeanFlowOptions"]!["properties"]!;
        meanFlow["kind"]!["const"]!.GetValue<string>().Should().Be("lambda");
        meanFlow["lambda"]!["maximum"]!.GetValue<double>().Should().Be(1);
        meanFlow["equalFraction"]!["default"]!.GetValue<double>().Should().Be(0.75);
        meanFlow["initialisation"]!["enum"]!.AsArray().Select(word => (string?)word).Should().Equal("cmt", "teacher", "random", null);
    }

    private static IEnumerable<JsonNode?> Descendants(JsonNode? node) => node switch
    {
        JsonObject properties => [node, .. properties.SelectMany(property => Descendants(property.Value))],
        JsonArray items => [node, .. items.SelectMany(Descendants)],
        _ => [node],
    };
}
