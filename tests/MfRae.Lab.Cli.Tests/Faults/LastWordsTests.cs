using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Cli.Tests.Faults;

/// <summary>The last output of a worker that dies appears on the page.</summary>
public sealed class LastWordsTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("steps=9 dieAlways=5", "about to die")]
    [InlineData("steps=9 diverge=5", "threads ")]
    public void The_last_output_of_a_worker_is_on_the_page_and_survives_a_lost_database(string script, string printed)
    {
        var store = new ArtifactStore(_lab.At("data/store"));
        var plan = Plan(script);
        new StoreRecords(store).Begin(plan, DateTimeOffset.UnixEpoch);
        using (var database = LabDatabase.OpenOrCreate(_lab.At("data/lab.db")))
        using (var log = new RunLog(database))
        {
            new Coordinator(store, log, TestWorker.Program.Launcher(), new(Device: "cpu"), new(), _lab.Path, TimeProvider.System)
                .Run(plan, default).AnyFailed.Should().BeTrue();
        }

        var page = Page();

        page.Should().MatchRegex($"<pre data-timing><code>[^<]*{printed}[^<]*</code></pre>");
        File.Delete(_lab.At("data/lab.db"));
        var rebuilt = _lab.Run("db", "rebuild");
        rebuilt.Code.Should().Be(ExitCode.Ok, rebuilt.Error);
        Page().Should().Be(page);
    }

    private string Page()
    {
        using var database = LabDatabase.OpenReadOnly(_lab.At("data/lab.db"));
        return Encoding.UTF8.GetString(ReportPages.Page(new RunQueries(database).Experiment("smoke")!));
    }

    private Plan Plan(string script)
    {
        var experiment = ExperimentReader.Read("experiments/smoke.json", [], _lab.Path).Experiment!;
        var plan = TestPlan.Chain(script);
        return plan with
        {
            Experiment = experiment with { Arms = [experiment.Arms[0] with { Baseline = true }] },
            Runs = [new(TestPlan.KeyOf("run"), experiment.Arms[0].Name, 0, new Dictionary<string, string> { ["meanflow"] = plan.Stages[0].Key })],
        };
    }
}
