using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

public sealed class StoreSweeperTests : IDisposable
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
    private readonly TestLab _lab = new();

    private ArtifactStore Store => _lab.Store;

    private StoreSweeper Sweeper => new(Store, TimeProvider.System);

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Roots_and_their_inputs_are_kept_and_unused_stages_are_deleted()
    {
        var (first, second) = Chain();
        var loner = Alone("loner");
        Age(first, second, loner);

        var plan = Sweeper.Sweep(() => [second], Week);

        plan.Doomed.Select(item => item.Name).Should().Equal(loner);
        plan.Kept.Select(item => item.Name).Should().BeEquivalentTo(first, second);
        Store.IsComplete(loner).Should().BeFalse();
        Store.Verify(first).Ok.Should().BeTrue();
        Store.Verify(second).Ok.Should().BeTrue();
    }

    [Fact]
    public void A_survey_says_what_a_sweep_does_and_changes_nothing()
    {
        var (first, second) = Chain();
        Age(first, second);

        var survey = Sweeper.Survey([], Week);
        Store.IsComplete(first).Should().BeTrue();
        var sweep = Sweeper.Sweep(() => [], Week);

        sweep.Rows().Should().Equal(survey.Rows());
        survey.Rows()[0].Should().Be(new SweepRow(SweepClass.Stage, 0, 0, 2, survey.Doomed.Sum(item => item.Bytes)));
        survey.Doomed.Sum(item => item.Bytes).Should().BePositive();
    }

    [Fact]
    public void Recent_stages_and_their_inputs_are_kept()
    {
        var (first, second) = Chain();
        Age(first);

        Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();
        Store.IsComplete(second).Should().BeTrue();
    }

    [Fact]
    public void A_pin_keeps_a_stage_until_it_is_removed()
    {
        var (first, second) = Chain();
        Age(first, second);
        var pins = new StorePins(Store);

        pins.Add(second[..8]).Should().Be(second);
        Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();

        pins.Remove(second[..8]);
        Sweeper.Sweep(() => [], Week).Doomed.Should().HaveCount(2);
    }

    [Fact]
    public void A_stage_under_a_live_lease_is_never_touched()
    {
        var node = TestPlan.Stage("working", "");
        _lab.Prepare(node);
        using (StageLeases.TryAcquire(Store, [node], TimeProvider.System))
        {
            Age(node.Key);
            Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();
        }

        Sweeper.Sweep(() => [], Week).Doomed.Select(item => item.Class).Should().Equal(SweepClass.Partial);
        Directory.Exists(Store.PartialFolder(node.Key)).Should().BeFalse();
    }

    [Fact]
    public void The_folder_of_a_worker_without_a_coordinator_is_kept()
    {
        var node = TestPlan.Stage("orphan", "");
        _lab.Prepare(node);
        using (FileLock.Try(FileLock.OfWorker(Store, node.Key)))
        {
            Age(node.Key);
            Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();
        }
    }

    [Fact]
    public void Old_set_aside_folders_and_cached_features_are_deleted()
    {
        var aside = Store.SetAside(Alone("damaged"), "bits flipped");
        var features = Directory.CreateDirectory(Path.Combine(Store.Root, "features", TestPlan.KeyOf("images"))).FullName;
        File.WriteAllText(Path.Combine(features, "000000.safetensors"), "0");

        Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();
        Touch(aside);
        Touch(features);

        Sweeper.Sweep(() => [], Week).Doomed.Select(item => item.Class).Should().Equal(SweepClass.SetAside, SweepClass.Features);
        Directory.Exists(aside).Should().BeFalse();
        Directory.Exists(features).Should().BeFalse();
    }

    [Fact]
    public void An_interrupted_sweep_leaves_complete_folders_and_the_next_sweep_finishes_it()
    {
        var (first, second) = Chain();
        Age(first, second);

        FluentActions.Invoking(() => Sweeper.Sweep(() => [], Week, new CancellationToken(canceled: true)))
            .Should().Throw<OperationCanceledException>();

        Directory.Exists(Store.CompleteFolder(first)).Should().BeFalse("a folder leaves its name before anything in it is deleted");
        var rest = Sweeper.Sweep(() => [], Week);
        rest.Doomed.Select(item => item.Class).Should().Equal(SweepClass.Leftover, SweepClass.Leftover);
        Directory.GetFileSystemEntries(Path.Combine(Store.Root, ".trash")).Should().BeEmpty();
    }

    [Fact]
    public void A_stage_with_a_damaged_manifest_is_kept_for_its_users()
    {
        var (first, second) = Chain();
        File.WriteAllText(Path.Combine(Store.CompleteFolder(second), ArtifactStore.ManifestName), "{");
        Age(first, second);

        Sweeper.Sweep(() => [first, second], Week).Doomed.Should().BeEmpty();
    }

    [Fact]
    public void Swept_stages_are_computed_again_by_the_same_plan()
    {
        var plan = TestPlan.Chain("", "");
        _lab.Run(plan);
        Age([.. plan.Stages.Select(stage => stage.Key)]);
        Sweeper.Sweep(() => [], Week).Doomed.Should().HaveCount(2);

        _lab.Run(plan).Succeeded.Should().BeTrue();
        _lab.Threads.Started.Should().HaveCount(2);
    }

    private (string First, string Second) Chain()
    {
        var plan = TestPlan.Chain("", "");
        _lab.Run(plan).Succeeded.Should().BeTrue();
        return (plan.Stages[0].Key, plan.Stages[1].Key);
    }

    private string Alone(string name)
    {
        var node = TestPlan.Stage(name, "");
        _lab.Run(TestPlan.Of(node)).Succeeded.Should().BeTrue();
        return node.Key;
    }

    private void Age(params string[] keys)
    {
        foreach (var key in keys)
        {
            Touch(Store.Find(key)!);
        }
    }

    private static void Touch(string folder)
    {
        var then = DateTime.UtcNow - Week - TimeSpan.FromHours(1);
        foreach (var file in Directory.GetFiles(folder))
        {
            File.SetLastWriteTimeUtc(file, then);
        }

        Directory.SetLastWriteTimeUtc(folder, then);
    }
}
