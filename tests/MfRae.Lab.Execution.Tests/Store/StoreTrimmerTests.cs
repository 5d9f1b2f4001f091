using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

/// <summary>A completed stage can drop large files, and has them again, with the same bytes, when another stage needs them.</summary>
public sealed class StoreTrimmerTests : IDisposable
{
    private const int LargeBytes = 1 << 20;
    private static readonly StageNode Latents = TestPlan.Stage("latents", "") with { Kind = "latents" };
    private static readonly StageNode Network = TestPlan.Stage("network", "", Latents) with { Kind = "meanflow" };
    private static readonly StageNode Later = TestPlan.Stage("later", "steps=4", Latents) with { Kind = "meanflow" };
    private static readonly Plan First = TestPlan.Of(Latents, Network);
    private static readonly Plan Second = TestPlan.Of(Latents, Network, Later);
    private readonly TestLab _lab = new();

    private ArtifactStore Store => _lab.Store;

    private StoreTrimmer Trimmer => new(Store, TimeProvider.System);

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_dropped_file_is_not_damage_and_its_stage_is_not_computed_again()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        var journal = File.ReadAllBytes(Path.Combine(Store.CompleteFolder(Network.Key), "journal.1.jsonl"));

        var plan = Trimmer.Drop(new(StoredFileKinds.Weights | StoredFileKinds.Latents, TimeSpan.Zero), "gc");

        plan.Dropped.Select(item => (item.Key, item.Kind, item.Bytes)).Should().BeEquivalentTo(
            [(Latents.Key, StoredFileKinds.Latents, (long)LargeBytes), (Network.Key, StoredFileKinds.Weights, LargeBytes)]);
        Has(Network, "network.safetensors").Should().BeFalse();
        Has(Network, "snapshot.2.safetensors").Should().BeTrue("the request names other kinds");
        Store.Verify(Network.Key).Should().BeEquivalentTo(new ArtifactCheck(Network.Key, [], StoredFileKinds.Weights));
        _lab.Run(First).Succeeded.Should().BeTrue();
        _lab.Threads.Started.Should().BeEmpty();
        File.ReadAllBytes(Path.Combine(Store.CompleteFolder(Network.Key), "journal.1.jsonl")).Should().Equal(journal);
    }

    [Fact]
    public void A_stage_that_needs_a_dropped_file_makes_only_its_owner_compute_again_and_the_record_stays()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        var before = Content(Latents);
        Trimmer.Drop(new(StoredFileKinds.All, TimeSpan.Zero), "gc");

        _lab.Run(Second).Succeeded.Should().BeTrue();

        _lab.Threads.Started.Select(spec => spec.Node.Label).Should().Equal("latents", "later");
        Content(Latents).Should().BeEquivalentTo(before, "bytes, manifest and journal are those of the first attempt");
        Store.Dropped(Latents.Key).Should().Be(StoredFileKinds.None);
        Store.Dropped(Network.Key).Should().Be(StoredFileKinds.Weights | StoredFileKinds.Snapshots, "no stage that ran reads them");
        Directory.Exists(Store.PartialFolder(Latents.Key)).Should().BeFalse();
        _lab.Log.Events<StartedEvent>(Latents.Key).Should().ContainSingle("a restoration is not another attempt");
    }

    [Fact]
    public void Files_that_come_out_differently_become_another_attempt()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        var folder = Store.CompleteFolder(Latents.Key);
        Trimmer.Drop(new(StoredFileKinds.Latents, TimeSpan.Zero), "gc");
        var manifest = Store.ReadManifest(Latents.Key);
        var other = manifest with { Files = [.. manifest.Files.Select(file => file.Name == "latents.safetensors" ? file with { Sha256 = new('0', 64) } : file)] };
        File.WriteAllBytes(Path.Combine(folder, ArtifactStore.ManifestName), ManifestSeal.Write(other));

        _lab.Run(Second).Succeeded.Should().BeTrue();

        Store.ReadManifest(Latents.Key).Provenance.Attempt.Should().Be(2);
        Store.Verify(Latents.Key).Ok.Should().BeTrue();
        Store.FoldersOf(Latents.Key).Should().HaveCount(2, "the earlier folder was set aside");
        _lab.Log.Events<StartedEvent>(Latents.Key).Should().HaveCount(2);
    }

    [Fact]
    public void A_run_that_is_asked_to_keep_a_kind_computes_it_again()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        Trimmer.Drop(new(StoredFileKinds.Weights, TimeSpan.Zero), "gc");

        _lab.Run(First, new(Keep: StoredFileKinds.Weights)).Succeeded.Should().BeTrue();

        _lab.Threads.Started.Select(spec => spec.Node.Label).Should().Equal("network");
        Has(Network, "network.safetensors").Should().BeTrue();
    }

    [Fact]
    public void Recent_pinned_and_needed_files_stay()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        new StoreRecords(Store).Begin(Second, DateTimeOffset.UtcNow);
        new StorePins(Store).Add(Network.Key);

        Decision(StoredFileKinds.Latents, TimeSpan.Zero).Should().Be(TrimDecision.Needed, "`later` has not run yet");
        Decision(StoredFileKinds.Weights, TimeSpan.Zero).Should().Be(TrimDecision.Pinned);
        Decision(StoredFileKinds.Latents, TimeSpan.FromDays(7)).Should().Be(TrimDecision.Needed);
        _lab.Run(Second).Succeeded.Should().BeTrue();
        Decision(StoredFileKinds.Latents, TimeSpan.FromDays(7)).Should().Be(TrimDecision.Recent);
        Decision(StoredFileKinds.Latents, TimeSpan.Zero).Should().Be(TrimDecision.Dropped);
    }

    [Fact]
    public void Dropping_files_does_not_make_a_stage_look_recent()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        var then = DateTime.UtcNow - TimeSpan.FromDays(8);
        foreach (var file in Directory.GetFiles(Store.CompleteFolder(Network.Key)))
        {
            File.SetLastWriteTimeUtc(file, then);
        }

        Directory.SetLastWriteTimeUtc(Store.CompleteFolder(Network.Key), then);

        Trimmer.Drop(new(StoredFileKinds.Weights, TimeSpan.FromDays(7)), "gc").Dropped.Should().ContainSingle();

        Decision(StoredFileKinds.Snapshots, TimeSpan.FromDays(7)).Should().Be(TrimDecision.Dropped);
    }

    [Fact]
    public void A_journal_cannot_be_declared_dropped()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        DroppedRecord.Drop(Store.CompleteFolder(Network.Key), ["journal.1.jsonl"], "gc", DateTimeOffset.UtcNow);

        Store.Verify(Network.Key).Problems.Should().Equal("journal.1.jsonl is missing");
    }

    [Fact]
    public void An_interrupted_drop_leaves_a_complete_stage()
    {
        _lab.Run(First).Succeeded.Should().BeTrue();
        var kept = Content(Network);
        Trimmer.Drop(new(StoredFileKinds.Weights, TimeSpan.Zero), "gc");
        // As if the process had died between the record and the deletion.
        File.WriteAllBytes(Path.Combine(Store.CompleteFolder(Network.Key), "network.safetensors"), kept["network.safetensors"]);

        Store.Verify(Network.Key).Should().BeEquivalentTo(new ArtifactCheck(Network.Key, []));
        Store.Dropped(Network.Key).Should().Be(StoredFileKinds.None);
    }

    [Fact]
    public void Equal_large_files_of_two_stages_are_one_content_that_outlives_either_name()
    {
        var (one, other) = (TestPlan.Stage("one", "") with { Kind = "latents" }, TestPlan.Stage("other", "") with { Kind = "latents" });
        _lab.Run(TestPlan.Of(one)).Succeeded.Should().BeTrue();
        _lab.Run(TestPlan.Of(one, other)).Succeeded.Should().BeTrue("a stage shares the files of stages that completed before it");

        if (OperatingSystem.IsLinux())
        {
            HardLink.Shared(Path.Combine(Store.CompleteFolder(one.Key), "latents.safetensors")).Should().NotBeNull()
                .And.Be(HardLink.Shared(Path.Combine(Store.CompleteFolder(other.Key), "latents.safetensors")));
            StoreUsage.Of(Store).Kinds.Should().Contain(new KindUsage("latents", 2, LargeBytes), "shared content counts once");
        }

        Directory.Delete(Store.CompleteFolder(one.Key), recursive: true);
        Store.Verify(other.Key).Ok.Should().BeTrue();
    }

    [Fact]
    public void A_sampling_reads_no_latents_of_the_training_images_and_only_snapshots_read_snapshots()
    {
        var sampling = new SamplingStage(100, [1], 0, 50, 10);
        var snapshots = new SnapshotStage(100, 4, 100, 0, 50, "balanced", "test");
        var training = new TeacherStage(new PretrainedTeacherOptions("t.safetensors"));

        sampling.Reads(StageInput.Latents).Should().Be(StoredFileKinds.None);
        sampling.Reads(StageInput.Generator).Should().HaveFlag(StoredFileKinds.Weights).And.NotHaveFlag(StoredFileKinds.Snapshots);
        snapshots.Reads(StageInput.Latents).Should().Be(StoredFileKinds.None);
        snapshots.Reads(StageInput.Generator).Should().HaveFlag(StoredFileKinds.Snapshots);
        training.Reads(StageInput.Latents).Should().HaveFlag(StoredFileKinds.Latents);
    }

    [Fact]
    public void The_space_of_an_experiment_includes_what_it_shares()
    {
        new StoreRecords(Store).Begin(First, DateTimeOffset.UtcNow);
        _lab.Run(First).Succeeded.Should().BeTrue();
        var alone = TestPlan.Stage("alone", "") with { Kind = "sampling" };
        _lab.Run(TestPlan.Of(alone)).Succeeded.Should().BeTrue();

        var usage = StoreUsage.Of(Store);

        usage.Kinds.Should().Contain([new("latents", 1, LargeBytes), new("weights", 1, LargeBytes), new("snapshots", 1, LargeBytes), new("samples", 1, LargeBytes)]);
        usage.Experiments.Select(one => (one.Name, one.Stages)).Should().Equal(("test", 2), (null, 1));
        usage.Experiments[0].Own.Should().Be(usage.Experiments[0].Bytes).And.BeGreaterThan(3 * LargeBytes);
    }

    private TrimDecision Decision(StoredFileKinds kind, TimeSpan age) =>
        Trimmer.Survey(new(kind, age)).Items.Where(item => item.Key == Network.Key || item.Key == Latents.Key).Select(item => item.Decision).Distinct().Single();

    private bool Has(StageNode stage, string file) => File.Exists(Path.Combine(Store.CompleteFolder(stage.Key), file));

    private Dictionary<string, byte[]> Content(StageNode stage) => Directory.GetFiles(Store.CompleteFolder(stage.Key))
        .Where(path => !path.EndsWith(".log", StringComparison.Ordinal)).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
}
