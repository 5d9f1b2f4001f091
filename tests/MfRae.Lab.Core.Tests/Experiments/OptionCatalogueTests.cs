using System.Text;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class OptionCatalogueTests
{
    private static readonly IReadOnlyList<OptionEntry> All = OptionCatalogue.All();

    [Fact]
    public void The_committed_document_is_that_of_the_option_records() => Golden.Check("docs/options.md", OptionsDocument.Write());

    [Fact]
    public void All_options_have_a_description() =>
        All.Where(entry => entry.Description.Length == 0).Select(entry => entry.Path).Should().BeEmpty(
            "the comment of the record describes each of its options in a param element");

    [Fact]
    public void Descriptions_stand_alone() =>
        All.Where(entry => entry.Description.StartsWith("As for", StringComparison.Ordinal)).Select(entry => entry.Path).Should().BeEmpty();

    [Fact]
    public void An_entry_has_value_unit_default_and_the_kinds_that_have_it()
    {
        All.Single(entry => entry.Path == "meanflow.derivative.delta").Should().BeEquivalentTo(new OptionEntry(
            "meanflow.derivative.delta",
            "a number from 1E-07 to 0.5",
            null,
            Required: false,
            "0.005",
            "meanflow.derivative: centralDifference, forwardDifference",
            "The step δ."));
        All.Single(entry => entry.Path == "teacher.training.steps").Should().BeEquivalentTo(new
        {
            Required = true,
            Default = (string?)null,
            Unit = "steps",
            Needs = "teacher: flowMatching",
            Description = "Optimizer steps.",
        });
    }

    [Fact]
    public void References_to_other_options_become_their_names() =>
        All.Single(entry => entry.Path == "sampling.noise").Description.Should().Contain("the noise of `seed`").And.Contain("of `noiseFile`");

    [Fact]
    public void A_kind_lists_the_alternatives_with_their_meaning()
    {
        var kind = All.Single(entry => entry.Path == "meanflow.network.kind");

        kind.Value.Should().Be("ditDH | dit");
        kind.Default.Should().Be("\"ditDH\"");
        kind.Description.Should().Contain("dit: A plain DiT").And.NotContain("\n");
    }

    [Theory]
    [InlineData("meanflow.training", "meanflow.training", "meanflow.training.dropFactor")]
    [InlineData("base.meanflow.training", "meanflow.training", "meanflow.training.dropFactor")]
    [InlineData("evaluation.metrics", "evaluation.metrics", "evaluation.metrics[].tolerance")]
    [InlineData("klweight", "encoder.klWeight", "encoder.klWeight")]
    public void A_path_finds_an_object_with_its_options_and_a_part_of_a_path_finds_all_with_it(string path, string first, string last)
    {
        var found = OptionCatalogue.Find(All, path).Select(entry => entry.Path).ToList();

        found[0].Should().Be(first);
        found[^1].Should().Be(last);
    }

    [Fact]
    public void The_schema_describes_all_options_and_kinds()
    {
        var definitions = JsonNode.Parse(ExperimentSchema.Write())!["$defs"]!.AsObject();

        definitions.Where(definition => definition.Value!["description"] is null).Should().BeEmpty();
        string Described(string record, string option) => (string)definitions[record]!["properties"]![option]!["description"]!;
        Described("TrainingOptions", "steps").Should().Be("Optimizer steps. Unit: steps.");
        Described("LambdaMeanFlowOptions", "lambda").Should().StartWith("λ of the target");
        JsonNode.Parse(ExperimentSchema.Write())!["properties"]!["question"]!["description"]!.GetValue<string>().Should().Contain("question");
    }

    [Fact]
    public void The_example_of_a_missing_option_is_a_valid_value()
    {
        foreach (var (path, option) in Required(OptionTypes.Lab(), "").Concat(Required(OptionTypes.Evaluation(), "evaluation.")))
        {
            var mistakes = new Diagnostics();
            var tree = new LocatedParser("x.json", 0, mistakes).Parse(Encoding.UTF8.GetBytes($"{{ {ExampleValue.Of(option)} }}"), "$");

            var files = new FileRules(mistakes, AppContext.BaseDirectory, needed: false);
            new OptionChecker(mistakes, new ObjectRules(mistakes, files)).Check(((LocatedObject)tree!).Get(option.Name)!, option.Shape, complete: true);

            mistakes.Sorted("x.json").Should().BeEmpty($"`{ExampleValue.Of(option)}` is the example of {path}");
        }
    }

    [Theory]
    [InlineData("""{ "kind": "flowMatching", "network": {}, "time": { "kind": "uniform" }, "training": {} }""",
        "$.base.teacher.training.steps", "write \"steps\": 10000 (a whole number from 1 to 100000000)")]
    [InlineData("""{ "kind": "flowMatching", "time": { "kind": "uniform" }, "training": { "steps": 1 } }""",
        "$.base.teacher.network", "write \"network\": { \"kind\": \"ditDH\" } (an object whose `kind` is one of `ditDH`, `dit`)")]
    [InlineData("""{ "kind": "flowMatching", "network": {}, "time": { "high": 1 }, "training": { "steps": 1 } }""",
        "$.base.teacher.time.kind", "write \"kind\": \"uniform\" (one of `uniform`, `logitNormal`)")]
    [InlineData("""{ "kind": "oracle" }""",
        "$.base.teacher.bias", "write \"bias\": { \"kind\": \"none\" } (an object whose `kind` is one of `none`, `constant`, `scaled`, `smooth`)")]
    public void A_message_about_a_missing_option_has_a_value_to_paste(string teacher, string path, string suggestion)
    {
        using var work = new Workspace();

        work.Read($"\"base\": {{ \"teacher\": {teacher} }}").Diagnostics.Should().ContainSingle(found => found.Path == path)
            .Which.Suggestion.Should().Be(suggestion);
    }

    private static IEnumerable<(string Path, OptionProperty Option)> Required(OptionType type, string prefix) => type.Properties.SelectMany(option =>
    {
        string path = prefix + option.Name;
        var types = (option.Shape is ListShape list ? list.Item : option.Shape) switch
        {
            ObjectShape inner => [inner.Type],
            UnionShape union => union.Kinds,
            _ => [],
        };
        var inside = types.SelectMany(inner => Required(inner, path + "."));
        return option.Required ? inside.Prepend((path, option)) : inside;
    });
}
