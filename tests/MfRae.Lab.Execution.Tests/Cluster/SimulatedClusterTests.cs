using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Cluster;

public sealed class SimulatedClusterTests(ITestOutputHelper output)
{
    [Fact]
    public void Ten_thousand_jobs_complete_every_stage_once_whatever_happens_to_nodes_and_submitter()
    {
        var root = Directory.CreateDirectory(Path.Combine(Memory(), $"mfrae-{Guid.NewGuid():N}")).FullName;
        using var removed = new Removal(root);
        var store = new ArtifactStore(Path.Combine(root, "store"));
        var (stages, runs) = JobPlannerTests.Sweep(arms: 50, seeds: 99);
        stages.Count.Should().Be(10_000);
        var plan = TestPlan.Of([.. stages]) with { Runs = runs };
        var cluster = new SimulatedCluster(store, stages, nodes: 500, seed: 7);
        var submissions = 0;

        // The user runs the same command until everything is complete. The first two commands are killed in the middle.
        while (stages.Any(stage => !store.IsComplete(stage.Key)) && submissions < 40)
        {
            cluster.KillAfter = submissions < 2 ? cluster.Calls + 3 : null;
            submissions++;
            try
            {
                var order = new JobOrder(new(), new(Device: "cpu"), root, ["lab"]);
                JobSubmission.Of(store, plan, cluster.Queue(), order, new(), _ => null).Submit(cluster);
            }
            catch (SubmitterKilledException)
            {
                continue;
            }

            cluster.Run().Should().BeTrue("the queue becomes empty");
        }

        output.WriteLine($"{submissions} submissions, {cluster.Calls} arrays: " + string.Join(", ", cluster.Events.Select(pair => $"{pair.Value} {pair.Key}")));
        cluster.Completions.Should().HaveCount(10_000, "nothing is lost");
        cluster.Completions.Values.Should().OnlyContain(times => times == 1, "every stage is computed once");
        cluster.Events.Keys.Should().Contain(["preempted", "node lost with its processes", "started twice", "stopped for minutes", "lost its lease"]);
    }

    /// <summary>A folder in memory if the system has one: the simulation flushes tens of thousands of small files.</summary>
    private static string Memory() => Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    private sealed class Removal(string path) : IDisposable
    {
        public void Dispose() => Directory.Delete(path, recursive: true);
    }
}
