using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Experiments whose pages would be one file on some system, or another page of the lab.</summary>
public sealed class RecordedNameTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder lab = new();

    public void Dispose() => lab.Dispose();

    [Fact]
    public void An_experiment_named_index_is_refused_before_anything_runs()
    {
        Copy("index");

        var answer = lab.Run("experiments/index.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().ContainAll("`index` cannot name an experiment", "rename the file, for example to index-1.json");
        lab.Exists("data/store").Should().BeFalse();
        lab.Exists("data/lab.db").Should().BeFalse();
    }

    [Fact]
    public void The_published_case_is_refused()
    {
        lab.Write("experiments/index.json", File.ReadAllText(Path.Combine(Checkout.Root, "tests/Golden/cases/index.json")));

        lab.Run("experiments/index.json").Should().Match<Answer>(answer => answer.Code == ExitCode.Usage && answer.Error.Contains("index.html"));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("plan")]
    public void A_name_that_differs_from_a_recorded_one_only_in_case_is_refused(string verb)
    {
        lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Copy("Smoke");

        var answer = lab.Run(verb, "experiments/Smoke.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().ContainAll("`Smoke` and the recorded experiment `smoke` differ only in upper and lower case", "rename the file");
        lab.Exists("reports/Smoke.html").Should().BeFalse();
        lab.Run(Smoke).Code.Should().Be(ExitCode.Ok, "the recorded one goes on");
    }

    [Fact]
    public void The_page_of_two_experiments_side_by_side_is_no_name_for_an_experiment()
    {
        lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Copy("smoke-vs-smoke");

        lab.Run("experiments/smoke-vs-smoke.json").Should().Match<Answer>(answer =>
            answer.Code == ExitCode.Usage && answer.Error.Contains("smoke-vs-smoke.html is the page of `smoke` and `smoke` side by side"));
    }

    [Fact]
    public void A_page_of_two_experiments_does_not_take_that_of_a_recorded_one()
    {
        Copy("smoke-vs-smoke");
        lab.Run("experiments/smoke-vs-smoke.json").Code.Should().Be(ExitCode.Ok);
        lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var page = File.ReadAllBytes(lab.At("reports/smoke-vs-smoke.html"));

        var answer = lab.Run("report", "smoke", "--against", "smoke");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("smoke-vs-smoke.html is the page of the recorded experiment `smoke-vs-smoke`");
        File.ReadAllBytes(lab.At("reports/smoke-vs-smoke.html")).Should().Equal(page);
    }

    [Fact]
    public void A_capsule_is_not_imported_beside_a_name_of_another_case()
    {
        using var other = new LabFolder();
        other.Write("experiments/SMOKE.json", File.ReadAllText(lab.At(Smoke)));
        other.Run("experiments/SMOKE.json").Code.Should().Be(ExitCode.Ok);
        other.Run("export", "SMOKE", "--to", lab.At("SMOKE.capsule")).Code.Should().Be(ExitCode.Ok);
        lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        var answer = lab.Run("import", "SMOKE.capsule");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("differ only in upper and lower case");
        lab.Run("query", "select experiment from experiments", "--csv").Out.Should().NotContain("SMOKE");
        lab.Exists("data/store/.import").Should().BeFalse();
    }

    private void Copy(string name) => lab.Write($"experiments/{name}.json", File.ReadAllText(lab.At(Smoke)));
}
