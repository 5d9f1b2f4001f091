using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A verb that changes what pages show leaves none behind that says something else than the database.</summary>
public sealed class PageUpkeepTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_tag_of_an_experiment_updates_the_index_and_a_tag_of_a_run_changes_no_page()
    {
        Ok(Smoke);

        Ok("tag", "smoke", "paper");
        Index().Should().Contain("<span class=\"tag\">paper</span>");
        Ok("tag", "smoke", "paper", "--remove");
        Index().Should().NotContain("paper");

        var run = Ok("query", "select run from runs limit 1", "--csv").Split('\n')[1].Trim();
        File.Delete(_lab.At("reports/index.html"));
        Ok("tag", run, "good");
        Ok("tag", "smoke");
        _lab.Exists("reports/index.html").Should().BeFalse();
        Ok("tag", "smoke", "first", "--reports", "pages");
        _lab.Exists("pages/index.html").Should().BeTrue();
    }

    [Fact]
    public void A_run_that_computes_a_missing_stage_of_another_experiment_updates_its_page_too()
    {
        RunWithoutCmt(_lab);

        Ok(Smoke, "meanflow.training.steps=7", "--retry-failed");

        _lab.Started.Should().Contain("cmt");
        Ok("report", "--check");
    }

    [Fact]
    public void An_import_updates_the_pages_of_other_experiments()
    {
        using var other = new LabFolder();
        other.Run(Smoke, "meanflow.training.steps=7").Code.Should().Be(ExitCode.Ok);
        var name = other.Run("query", "select experiment from experiments", "--csv").Out.Split('\n')[1].Trim();
        other.Run("export", name, "--to", _lab.At("x.capsule")).Code.Should().Be(ExitCode.Ok);
        RunWithoutCmt(_lab);

        Ok("import", "x.capsule");

        Ok("report", "--check");
    }

    [Fact]
    public void A_rebuilt_database_has_its_pages()
    {
        Ok(Smoke);
        Ok(Smoke, "meanflow.training.steps=7");

        Ok("db", "rebuild", "--reports", "pages");

        Ok("report", "--check", "--reports", "pages").Should().Contain("4 of 4 pages");
    }

    private static void RunWithoutCmt(LabFolder lab)
    {
        lab.OnStage = context =>
        {
            if (context.Spec.Node.Label == "cmt")
                throw new LabException("no room");
        };
        lab.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        lab.OnStage = null;
    }

    private string Index() => File.ReadAllText(_lab.At("reports/index.html"));

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }
}
