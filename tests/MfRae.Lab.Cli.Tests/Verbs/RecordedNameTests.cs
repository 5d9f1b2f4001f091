using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Experiments whose pages would be one file on some system, or another page of the lab.</summary>
public sealed class RecordedNameTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void An_experiment_named_index_is_refused_before_anything_runs()
    {
        Copy("index");

        var answer = _lab.Run("experiments/index.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().ContainAll("`index` is not a valid experiment name", "rename the file, for example to index-1.json");
        _lab.Exists("data/store").Should().BeFalse();
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    [Fact]
    public void The_published_case_is_refused()
    {
        _lab.Write("experiments/index.json", File.ReadAllText(Path.Combine(Checkout.Root, "tests/Golden/cases/index.json")));

        _lab.Run("experiments/index.json").Should().Match<Answer>(answer => answer.Code == ExitCode.Usage && answer.Error.Contains("index.html"));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("plan")]
    public void A_name_that_differs_from_a_recorded_one_only_in_case_is_refused(string verb)
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Copy("Smoke");

        var answer = _lab.Run(verb, "experiments/Smoke.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().ContainAll("`Smoke` and the recorded experiment `smoke` differ only in upper and lower case", "rename the file");
        _lab.Exists("reports/Smoke.html").Should().BeFalse();
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok, "the recorded one goes on");
    }

    [Fact]
    public void An_experiment_cannot_have_the_name_of_a_comparison_page()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Copy("smoke-vs-smoke");

        _lab.Run("experiments/smoke-vs-smoke.json").Should().Match<Answer>(answer =>
            answer.Code == ExitCode.Usage && answer.Error.Contains("smoke-vs-smoke.html is the page that compares `smoke` and `smoke`"));
    }

    [Fact]
    public void A_comparison_page_does_not_replace_the_page_of_an_experiment()
    {
        Copy("smoke-vs-smoke");
        _lab.Run("experiments/smoke-vs-smoke.json").Code.Should().Be(ExitCode.Ok);
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var page = File.ReadAllBytes(_lab.At("reports/smoke-vs-smoke.html"));

        var answer = _lab.Run("report", "smoke", "--against", "smoke");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("smoke-vs-smoke.html is the page of the experiment `smoke-vs-smoke`");
        File.ReadAllBytes(_lab.At("reports/smoke-vs-smoke.html")).Should().Equal(page);
    }

    [Fact]
    public void A_capsule_is_refused_if_its_name_differs_from_a_recorded_one_only_in_case()
    {
        using var other = new LabFolder();
        other.Write("experiments/SMOKE.json", File.ReadAllText(_lab.At(Smoke)));
        other.Run("experiments/SMOKE.json").Code.Should().Be(ExitCode.Ok);
        other.Run("export", "SMOKE", "--to", _lab.At("SMOKE.capsule")).Code.Should().Be(ExitCode.Ok);
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run("import", "SMOKE.capsule");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("differ only in upper and lower case");
        _lab.Run("query", "select experiment from experiments", "--csv").Out.Should().NotContain("SMOKE");
        _lab.Exists("data/store/.import").Should().BeFalse();
    }

    private void Copy(string name) => _lab.Write($"experiments/{name}.json", File.ReadAllText(_lab.At(Smoke)));
}
