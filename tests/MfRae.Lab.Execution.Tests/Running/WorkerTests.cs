using System.IO.Pipes;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class WorkerTests : IDisposable
{
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_successful_stage_is_complete_and_its_journal_has_the_end()
    {
        var node = TestPlan.Stage("stage", "steps=4");

        Run(node).Should().Be(WorkerExit.Completed);

        _lab.Store.Verify(node.Key).Ok.Should().BeTrue();
        _lab.Sum(node).Should().Be("10");
        var events = Events(_lab.Store.CompleteFolder(node.Key));
        events[0].Should().BeOfType<StartedEvent>().Which.Pid.Should().Be(Environment.ProcessId);
        var finished = events[^1].Should().BeOfType<FinishedEvent>().Subject;
        finished.Status.Should().Be("completed");
        finished.PeakBytes.Should().BeGreaterThan(1 << 20);
        finished.CpuSeconds.Should().BePositive();
    }

    [Fact]
    public void A_stage_that_another_host_has_taken_over_is_not_completed()
    {
        var node = TestPlan.Stage("stage", "steps=1");
        var folder = _lab.Prepare(node);
        StageSpecFile.Write(folder, StageSpecFile.Read(folder) with { Lease = "mine" });
        var locks = Directory.CreateDirectory(Path.Combine(_lab.Store.Root, ".locks")).FullName;
        File.WriteAllBytes(Path.Combine(locks, node.Key + ".lease.json"), JsonSerializer.SerializeToUtf8Bytes(
            new Lease(new("another-host", 1, "", "1"), "theirs"), LabJson.Default.Lease));

        Worker.Run(folder, Program.Create, "cpu", 1, null, TimeProvider.System, default).Should().Be(WorkerExit.Interrupted);

        _lab.Store.IsComplete(node.Key).Should().BeFalse();
        Events(folder)[^1].Should().BeOfType<FinishedEvent>().Which.Error.Should().Contain("another host took over the stage");
    }

    [Fact]
    public void Journal_and_manifest_have_the_environment_of_an_attempt()
    {
        var files = new Dictionary<string, string> { ["data/weights/x.safetensors"] = "abc" };
        var node = TestPlan.Stage("stage", "steps=1") with { Files = files };
        var folder = _lab.Prepare(node);
        var asked = new RunOrigin("run x.json", "c0ffee", "9a7c");
        StageSpecFile.Write(folder, StageSpecFile.Read(folder) with { Run = asked, Flops = 1.5e20 });

        Worker.Run(folder, Program.Create, "cpu", 1, null, TimeProvider.System, default).Should().Be(WorkerExit.Completed);

        var told = Events(_lab.Store.CompleteFolder(node.Key))[0].Should().BeOfType<StartedEvent>().Which.Origin!;
        told.Run.Should().Be(asked);
        told.Flops.Should().Be(1.5e20);
        told.Files.Should().Equal(files);
        told.Processor.Should().Be(MachineDescription.Processor());
        told.Accelerators.Should().BeEmpty("it ran on a CPU");
        told.Devices.Should().Be(1);
        var kept = _lab.Store.ReadManifest(node.Key).Provenance;
        (kept.Run, kept.Flops, kept.Processor, kept.Tool).Should().Be((asked, 1.5e20, told.Processor, told.Tool));
        kept.Files.Should().Equal(files);
        kept.Packages.Should().Equal(told.Packages);
    }

    [Fact]
    public void Measurement_and_manifest_have_the_devices_of_all_input_stages()
    {
        var trained = TestPlan.Stage("trained", "");
        var node = TestPlan.Stage("measured", "", trained);
        Measure(trained, "cuda:0");

        Measure(node, "cpu").Should().Be(WorkerExit.Completed);

        Events(_lab.Store.CompleteFolder(node.Key)).OfType<MeasuredEvent>().Single().Measurement
            .Should().Match<Measurement>(value => value.Device == "cpu+cuda" && value.Noise == "" && value.Setting == "");
        _lab.Store.ReadManifest(trained.Key).Provenance.Devices.Should().Be("cuda");
        _lab.Store.ReadManifest(node.Key).Provenance.Devices.Should().Be("cpu+cuda");
    }

    [Fact]
    public void A_manifest_of_an_earlier_version_has_the_device_of_its_stage()
    {
        var (first, second, node) = (TestPlan.Stage("first", ""), TestPlan.Stage("second", ""), TestPlan.Stage("measured", ""));
        second = second with { Inputs = new Dictionary<string, string> { ["first"] = first.Key } };
        node = node with { Inputs = new Dictionary<string, string> { ["second"] = second.Key } };
        Measure(first, "cuda:1");
        Measure(second, "cpu");
        foreach (var earlier in new[] { first, second })
        {
            var manifest = _lab.Store.ReadManifest(earlier.Key);
            var old = manifest with { Provenance = manifest.Provenance with { Devices = null } };
            File.WriteAllBytes(Path.Combine(_lab.Store.CompleteFolder(earlier.Key), ArtifactStore.ManifestName), ManifestSeal.Write(old));
        }

        Measure(node, "cpu");

        Events(_lab.Store.CompleteFolder(node.Key)).OfType<MeasuredEvent>().Single().Measurement.Device.Should().Be("cpu+cuda");
    }

    [Fact]
    public void An_attempt_resumed_on_another_device_has_both_devices()
    {
        var node = TestPlan.Stage("stage", "steps=4 checkpoint=2 fail=3");
        Worker.Run(_lab.Prepare(node), Program.Create, "cuda:0", 1, null, TimeProvider.System, default);

        Worker.Run(
            _lab.Prepare(node with { Definition = new ReferenceStage("steps=4 checkpoint=2") }, attempt: 2), Program.Create, "cpu", 1, null,
            TimeProvider.System, default).Should().Be(WorkerExit.Completed);

        _lab.Store.ReadManifest(node.Key).Provenance.Devices.Should().Be("cpu+cuda");
    }

    [Fact]
    public void The_cost_of_a_training_of_an_arm_is_measured_with_the_machine()
    {
        var node = TestPlan.Stage("trained", "") with { Definition = new MeanFlowStage(new NoMeanFlowOptions()) };
        var folder = _lab.Prepare(node);
        StageSpecFile.Write(folder, StageSpecFile.Read(folder) with { Settings = new(Jobs: 3) });

        Worker.Run(folder, _ => new Costing(), "cpu", 2, null, TimeProvider.System, default).Should().Be(WorkerExit.Completed);

        var events = Events(_lab.Store.CompleteFolder(node.Key));
        events.OfType<CostEvent>().Should().ContainSingle();
        var measured = events.OfType<MeasuredEvent>().Select(entry => entry.Measurement).ToList();
        measured.Select(one => (one.Metric, one.Value)).Should().Equal(("stepSeconds", 0.5), ("peakMemory", 1000));
        measured.Should().OnlyContain(one => one.Device == "cpu" && one.Setting!.StartsWith("processor=") && one.Setting.EndsWith(" threads=2 jobs=3"));
    }

    private sealed class Costing : IStage
    {
        public void Run(StageContext context) => context.Journal.Write(new CostEvent(0.5, 10, 1000));
    }

    private int Measure(StageNode node, string device) =>
        Worker.Run(_lab.Prepare(node), _ => new Measuring(), device, 1, null, TimeProvider.System, default);

    private sealed class Measuring : IStage
    {
        public void Run(StageContext context) => context.Journal.Write(
            new MeasuredEvent(new("fid", 1, null, null, 10, 1, 1, "balanced", "", "", "", false)));
    }

    [Theory]
    [InlineData("fail=2", WorkerExit.Environment, "failed", "the file weights.bin is missing")]
    [InlineData("bug=2", WorkerExit.Failed, "failed",
        "System.InvalidOperationException: an index is off by one*at MfRae.Lab.TestWorker.CountingStage.Misbehave*")]
    [InlineData("diverge=2", WorkerExit.Failed, "diverged", "sum is not finite at step 2")]
    public void A_failed_stage_has_its_error(string script, int code, string status, string error)
    {
        var node = TestPlan.Stage("stage", script);

        Run(node).Should().Be(code);

        _lab.Store.IsComplete(node.Key).Should().BeFalse();
        var finished = Events(_lab.Store.PartialFolder(node.Key))[^1].Should().BeOfType<FinishedEvent>().Subject;
        finished.Status.Should().Be(status);
        finished.Error.Should().Match(error);
    }

    [Fact]
    public async Task The_end_of_the_coordinators_pipe_interrupts_the_worker_after_a_checkpoint()
    {
        var node = TestPlan.Stage("stage", "steps=100000 delay=1 checkpoint=100000");
        using var coordinator = new AnonymousPipeServerStream(PipeDirection.Out);
        using var worker = new AnonymousPipeClientStream(PipeDirection.In, coordinator.ClientSafePipeHandle);
        var folder = _lab.Prepare(node);
        var run = Task.Run(() => Worker.Run(folder, Program.Create, "cpu", 1, worker, TimeProvider.System, default));
        SpinWait.SpinUntil(() => JournalReader.Read(Path.Combine(folder, "journal.1.jsonl")).Lines.Count > 3, TimeSpan.FromSeconds(10))
            .Should().BeTrue();

        coordinator.Dispose();

        (await run.WaitAsync(TimeSpan.FromSeconds(10))).Should().Be(WorkerExit.Interrupted);
        Events(folder)[^1].Should().BeOfType<FinishedEvent>().Which.Status.Should().Be("interrupted");
        File.Exists(Path.Combine(folder, "checkpoint")).Should().BeTrue();
    }

    [Fact]
    public void An_invalid_file_name_fails_the_stage()
    {
        var node = TestPlan.Stage("stage", "");
        var folder = _lab.Prepare(node);
        Directory.CreateDirectory(Path.Combine(folder, "inner"));

        Run(node).Should().Be(WorkerExit.Failed);

        Events(folder)[^1].Should().BeOfType<FinishedEvent>().Which.Error.Should().Contain("a stage may only write files");
    }

    [Fact]
    public void Two_workers_never_compute_one_stage()
    {
        var node = TestPlan.Stage("stage", "");
        _lab.Prepare(node);
        using var other = FileLock.Try(FileLock.OfWorker(_lab.Store, node.Key));

        FluentActions.Invoking(() => Run(node)).Should().Throw<LabException>().WithMessage("another worker is computing*");
    }

    [Fact]
    public void A_folder_outside_a_store_is_refused() =>
        FluentActions.Invoking(() => Worker.Run("/elsewhere", Program.Create, "cpu", 1, null, TimeProvider.System, default))
            .Should().Throw<LabException>().WithMessage("*expected a stage's folder STORE/.partial/KEY");

    private int Run(StageNode node) => Worker.Run(_lab.Prepare(node), Program.Create, "cpu", 1, null, TimeProvider.System, default);

    private static List<JournalEvent> Events(string folder) =>
        [.. JournalReader.Read(Path.Combine(folder, "journal.1.jsonl")).Lines.Select(line => line.Event)];
}
