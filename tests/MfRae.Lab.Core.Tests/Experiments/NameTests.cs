using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Names become file names on Linux, macOS and Windows alike.</summary>
public sealed class NameTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("index", "index.html")]
    [InlineData("Index", "index.html")]
    [InlineData("con", "Windows")]
    [InlineData("NUL", "Windows")]
    [InlineData("com1", "Windows")]
    [InlineData("lpt9.final", "Windows")]
    [InlineData("aux.v2", "Windows")]
    [InlineData("run.", "ends with a dot")]
    [InlineData(".hidden", "begins with a dot")]
    [InlineData("..", "dot")]
    public void An_experiment_name_whose_page_is_reserved_or_impossible_is_rejected_with_a_suggestion(string name, string reason)
    {
        _work.Write($"{name}.json", """{ "extends": "base.json" }""");

        var found = ExperimentReader.Read($"{name}.json", [], _work.Root).Diagnostics.Should().ContainSingle().Subject;

        found.Message.Should().Contain($"`{name}` is not a valid experiment name").And.Contain(reason);
        found.Suggestion.Should().StartWith("rename the file, for example to ");
    }

    [Theory]
    [InlineData("index")]
    [InlineData("con")]
    public void An_override_does_not_make_the_file_name_acceptable(string name)
    {
        _work.Write($"{name}.json", """{ "extends": "base.json" }""");

        ExperimentReader.Read($"{name}.json", ["seeds=1"], _work.Root).Experiment.Should().BeNull();
    }

    [Theory]
    [InlineData("console")]
    [InlineData("com10")]
    [InlineData("index-1")]
    [InlineData("my.nul")]
    [InlineData("reindex")]
    [InlineData("v1.0")]
    public void Names_that_only_resemble_reserved_names_are_accepted(string name)
    {
        _work.Write($"{name}.json", """{ "extends": "base.json" }""");

        ExperimentReader.Read($"{name}.json", [], _work.Root).Experiment!.Name.Should().Be(name);
    }

    [Theory]
    [InlineData("nul", "Windows")]
    [InlineData("COM3.b", "Windows")]
    [InlineData("b.", "ends with a dot")]
    [InlineData("..", "dot")]
    public void An_arm_name_that_cannot_name_a_folder_is_rejected(string name, string reason)
    {
        var found = _work.Mistake($$"""
            "arms": { "a": {}, "{{name}}": { "meanflow": { "lambda": 0 } } }, "baseline": "a"
            """);

        found.Message.Should().Contain($"`{name}` is not a valid arm name").And.Contain(reason);
        found.Suggestion.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public void Arm_names_that_differ_only_in_case_are_rejected()
    {
        var found = _work.Mistake("""
            "arms": { "mfd": {}, "MFD": { "meanflow": { "lambda": 0 } } }, "baseline": "mfd"
            """);

        found.Path.Should().Be("$.arms.MFD");
        found.Message.Should().Contain("`MFD` and `mfd` differ only in case");
    }

    [Theory]
    [InlineData("index")]
    [InlineData("con")]
    [InlineData("prn.x")]
    [InlineData("com¹")]
    [InlineData("con .x")]
    [InlineData("CONOUT$")]
    [InlineData("a.")]
    [InlineData("a ")]
    public void A_recorded_name_that_cannot_name_a_page_is_detected(string name) =>
        ArtifactName.IsExperiment(name).Should().BeFalse();

    [Theory]
    [InlineData("experiment")]
    [InlineData("größe μ")]
    [InlineData("smoke~0a1b2c")]
    public void Other_names_from_a_database_can_have_a_page(string name) => ArtifactName.IsExperiment(name).Should().BeTrue();

    [Theory]
    [InlineData("aux", false)]
    [InlineData("nul.png", false)]
    [InlineData("samples.png.", false)]
    [InlineData("samples.png", true)]
    [InlineData("auxiliary.txt", true)]
    [InlineData(".partial", true)]
    public void Files_of_stages_have_names_that_every_system_can_write(string name, bool allowed) =>
        ArtifactName.IsName(name).Should().Be(allowed);
}
