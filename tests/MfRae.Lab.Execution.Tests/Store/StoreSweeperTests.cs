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
    public void What_a_root_was_made_from_is_kept_and_what_nobody_needs_goes()
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
    public void What_is_young_is_kept_with_what_it_was_made_from()
    {
        var (first, second) = Chain();
        Age(first);

        Sweeper.Sweep(() => [], Week).Doomed.Should().BeEmpty();
        Store.IsComplete(second).Should().BeTrue();
    }

    [Fact]
    public void A_pin_keeps_a_stage_until_it_is_taken_away()
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
    public void A_worker_that_outlived_its_coordinator_keeps_its_folder()
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
    public void Folders_that_were_set_aside_and_cached_features_go_when_they_are_old()
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
    public void A_sweep_that_ends_early_leaves_whole_folders_only_and_the_next_finishes_it()
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
    public void A_stage_whose_manifest_is_damaged_is_still_kept_for_who_needs_it()
    {
        var (first, second) = Chain();
        File.WriteAllText(Path.Combine(Store.CompleteFolder(second), ArtifactStore.ManifestName), "{");
        Age(first, second);

        Sweeper.Sweep(() => [first, second], Week).Doomed.Should().BeEmpty();
    }

    [Fact]
    public void What_was_swept_is_computed_again_by_the_same_plan()
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
