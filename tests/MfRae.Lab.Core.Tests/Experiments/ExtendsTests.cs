using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class ExtendsTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Files_extend_files_that_extend_files()
    {
        _work.Write("deep/middle.json",
            """{ "extends": "../base.json", "base": { "sampling": { "samples": 500, "keptLatents": 10 } }, "seeds": [5] }""");
        _work.Write("top.json", """{ "extends": "deep/middle.json", "base": { "sampling": { "keptLatents": 20 } } }""");

        var experiment = ExperimentReader.Read("top.json", [], _work.Root).Experiment!;

        experiment.Arms[0].Options.Sampling
            .Should().Match<Options.SamplingOptions>(sampling => sampling.Samples == 500 && sampling.KeptLatents == 20);
        experiment.Seeds.Should().Equal(5);
    }

    [Fact]
    public void The_files_are_kept_as_they_were_written_each_before_the_one_it_extends()
    {
        const string Top = "\uFEFF// why\r\n{ \"extends\": \"deep/middle.json\", /* é */ }\n";
        const string Middle = """{ "extends": "../base.json", "seeds": [5] }""";
        _work.Write("top.json", Top);
        _work.Write("deep/middle.json", Middle);

        var files = ExperimentReader.Read("top.json", ["seeds=6"], _work.Root).Experiment!.Files!;

        files.Select(file => file.Path).Should().Equal("top.json", "deep/middle.json", "base.json");
        files.Take(2).Select(file => file.Text).Should().Equal(Top[1..], Middle);
        files.Should().OnlyContain(file => file.Omitted == 0);
    }

    [Fact]
    public void The_beginning_of_a_very_long_file_is_kept_up_to_a_whole_character()
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(new string('x', WrittenFile.MostBytes - 1) + "é" + "rest");

        var file = WrittenFile.Of("long.json", bytes);

        file.Text.Should().HaveLength(WrittenFile.MostBytes - 1).And.NotContain("\uFFFD");
        file.Omitted.Should().Be(6);
    }

    [Fact]
    public void Mistakes_of_an_extended_file_are_located_in_that_file()
    {
        _work.Write("middle.json", "{\n  \"extends\": \"base.json\",\n  \"base\": { \"meanflow\": {\n    \"lambda\": 2 } } }");
        _work.Write("top.json", "{\n  \"extends\": \"middle.json\",\n  \"seed\": 1 }");

        var found = ExperimentReader.Read("top.json", [], _work.Root).Diagnostics;

        found.Select(one => (one.File, one.Line)).Should().Equal(("top.json", 3), ("middle.json", 4));
        found[0].Suggestion.Should().Be("did you mean `seeds`?");
    }

    [Fact]
    public void A_mistake_that_the_extending_file_overrides_is_still_reported()
    {
        _work.Write("middle.json", """{ "extends": "base.json", "base": { "meanflow": { "lambda": 2 } } }""");
        _work.Write("top.json", """{ "extends": "middle.json", "base": { "meanflow": { "lambda": 1 } } }""");

        ExperimentReader.Read("top.json", [], _work.Root).Diagnostics.Should().ContainSingle().Which.File.Should().Be("middle.json");
    }

    [Fact]
    public void A_cycle_of_files_is_found()
    {
        _work.Write("a.json", """{ "extends": "b.json" }""");
        _work.Write("b.json", """{ "extends": "a.json" }""");

        var found = ExperimentReader.Read("a.json", [], _work.Root).Diagnostics.Should().ContainSingle().Subject;

        found.Message.Should().Be("a.json extends itself: a.json → b.json → a.json");
        (found.File, found.Line).Should().Be(("b.json", 1));
    }

    [Fact]
    public void A_missing_file_is_reported_with_the_nearest_name()
    {
        _work.Write("a.json", """{ "extends": "bas.json", "versoin": 1 }""");

        var found = ExperimentReader.Read("a.json", [], _work.Root).Diagnostics;

        found.Select(one => one.Suggestion).Should().BeEquivalentTo("did you mean `base.json`?", "did you mean `version`?");
    }

    [Fact]
    public void A_missing_experiment_is_a_mistake_too() =>
        ExperimentReader.Read("bsae.json", [], _work.Root).Diagnostics.Should().ContainSingle().Which.Suggestion
            .Should().Be("did you mean `base.json`?");

    [Theory]
    [InlineData("{ \"version\": 1,\n  \"base\": {\n", 3, "close the object or array that line 2 opens")]
    [InlineData("{ \"version\" 1 }", 1, "add a colon between key and value")]
    [InlineData("{ version: 1 }", 1, "write the key in double quotes")]
    [InlineData("", 1, "write a number")]
    [InlineData("{ } { }", 1, "remove the text after")]
    public void Invalid_JSON_is_reported_with_location_and_suggestion(string text, int line, string suggestion)
    {
        _work.Write("a.json", text);

        var found = ExperimentReader.Read("a.json", [], _work.Root).Diagnostics.Should().ContainSingle().Subject;

        found.Line.Should().Be(line);
        found.Message.Should().StartWith("invalid JSON at column ");
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void An_array_is_not_an_experiment()
    {
        _work.Write("a.json", "[]");

        ExperimentReader.Read("a.json", [], _work.Root).Diagnostics.Should().ContainSingle().Which.Message
            .Should().Be("expected an object, got an array");
    }
}
