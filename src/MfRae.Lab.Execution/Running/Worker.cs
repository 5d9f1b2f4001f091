using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Computes one stage in this process, from `spec.json` to a complete artifact or to a journal with the reason of the failure.</summary>
public static class Worker
{
    /// <summary>Computes the stage of a folder.</summary>
    /// <param name="folder">The folder STORE/.partial/KEY with its `spec.json`.</param>
    /// <param name="create">Creates the stage of a definition.</param>
    /// <param name="device">The device of the numerics, for the record.</param>
    /// <param name="threads">The number of numeric threads, for the record.</param>
    /// <param name="coordinator">The standard input, whose end means stop; null without a coordinator.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Asks the stage to write a checkpoint and end.</param>
    /// <returns>An exit code of <see cref="WorkerExit"/>.</returns>
    /// <exception cref="LabException">The folder has no stage to compute, another worker computes the stage, or the store cannot be written.</exception>
    public static int Run(
        string folder,
        Func<StageDefinition, IStage> create,
        string device,
        int threads,
        Stream? coordinator,
        TimeProvider time,
        CancellationToken stop)
    {
        var store = ArtifactStore.OfPartial(folder);
        var spec = StageSpecFile.Read(folder);
        var node = spec.Node;
        if (store.PartialFolder(node.Key) != Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
        {
            throw new LabException($"{Path.Combine(folder, ArtifactStore.SpecName)} belongs to another stage, {node.Key}");
        }

        // The coordinator takes this lock briefly to check whether a worker is running, so the worker waits a little.
        using var alone = FileLock.Wait(FileLock.OfWorker(store, node.Key), TimeSpan.FromSeconds(2))
            ?? throw new LabException($"another worker is computing the stage {node.Label}");
        using var journal = OpenJournal();
        var origin = AttemptOrigins.OfProcess(device, spec);
        var identified = new IdentifiedJournal(
            journal, spec, folder, device, store.ReadLineage(), (cost, parts) => CostMeasurements.Of(cost, spec, device, threads, origin, parts));
        using var lifeline = new Lifeline(coordinator, stop);
        var owner = ProcessIdentity.Current();
        var started = time.GetUtcNow();
        var clock = time.GetTimestamp();

        MachineWatch? watch = null;
        void Finish(string status, string? error)
        {
            watch?.Dispose();
            journal.Write(new FinishedEvent(status, time.GetElapsedTime(clock).TotalSeconds, ResourceUse.CpuSeconds(), ResourceUse.PeakBytes(), error));
        }

        try
        {
            journal.Write(new StartedEvent(spec.Attempt, owner.Host, owner.Pid, owner.BootId, device, threads, origin));
            watch = new(journal, new MachineMeter(device, time).Read, time);
            create(node.Definition).Run(new(spec, folder, identified, time, lifeline.Stop));
        }
        catch (OperationCanceledException) when (lifeline.Stop.IsCancellationRequested)
        {
            Finish(AttemptStatus.Interrupted, null);
            return WorkerExit.Interrupted;
        }
        catch (Exception e) when (FileFault.OfStore(e, store) is { } fault)
        {
            throw Stopped(fault);
        }
        catch (Exception e) when (MemoryShortage.Explain(e) is { } shortage)
        {
            Finish(AttemptStatus.OutOfMemory, shortage);
            return WorkerExit.Failed;
        }
        catch (DivergedException e)
        {
            Finish(AttemptStatus.Diverged, e.Message);
            return WorkerExit.Failed;
        }
        catch (StoppedException e)
        {
            Finish(AttemptStatus.Stopped, e.Message);
            return WorkerExit.Failed;
        }
        catch (LabException e)
        {
            Finish(AttemptStatus.Failed, e.Message);
            return WorkerExit.Environment;
        }
        catch (Exception e)
        {
            // Any other exception is a bug in the stage, so its stack trace is kept.
            Finish(AttemptStatus.Failed, e.ToString());
            return WorkerExit.Failed;
        }

        if (spec.Lease is { } token && ((store.IsComplete(node.Key) && store.Dropped(node.Key) == StoredFileKinds.None) || StageLeases.IsTakenByAnotherHost(store, node.Key, token)))
        {
            Finish(AttemptStatus.Interrupted, "another host took over the stage, because the lease was not renewed in time");
            return WorkerExit.Interrupted;
        }

        return Complete();

        StageJournal OpenJournal()
        {
            try
            {
                return new StageJournal(folder, spec.Attempt, time);
            }
            catch (Exception e) when (FileFault.OfStore(e, store) is { } fault)
            {
                throw fault;
            }
        }

        // The stage did not cause the failure. It resumes as soon as the store can be written again.
        LabException Stopped(LabException fault)
        {
            try
            {
                Finish(AttemptStatus.Interrupted, fault.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next coordinator closes the journal.
            }

            return fault;
        }

        int Complete()
        {
            var ended = false;
            try
            {
                var provenance = Provenance.Of(origin, device, threads, spec.Attempt, started, time.GetUtcNow(), identified.Devices);
                store.Complete(node, provenance, () =>
                {
                    Finish(AttemptStatus.Completed, null);
                    ended = true;
                    journal.Dispose();
                });
                return WorkerExit.Completed;
            }
            catch (Exception e) when (FileFault.OfStore(e, store) is { } fault)
            {
                throw ended ? fault : Stopped(fault);
            }
            catch (Exception e) when (!ended)
            {
                Finish(AttemptStatus.Failed, e.ToString());
                return WorkerExit.Failed;
            }
        }
    }
}

/// <summary>
/// The journal of a running stage. It adds the parts of a measurement's identity that follow from the input stages, and to the cost of a
/// training its measurements.
/// </summary>
/// <param name="journal">The journal to write to.</param>
/// <param name="spec">The task of the worker.</param>
/// <param name="folder">The folder of the stage.</param>
/// <param name="device">The device of this attempt: cpu, cuda:0, ….</param>
/// <param name="lineage">The complete stages of the store.</param>
/// <param name="costs">Returns the measurements of a cost, given the parts of a batch that its steps were computed in.</param>
internal sealed class IdentifiedJournal(
    IJournal journal, StageSpec spec, string folder, string device, Lineage lineage,
    Func<CostEvent, MicroBatchEvent?, IEnumerable<Measurement>> costs) : IJournal
{
    private StageFacts _stage = StageFacts.Of(spec.Node, [device]);
    private MicroBatchEvent? _parts;

    /// <summary>The device classes of the stage and of all computed stages that it depends on.</summary>
    public string Devices => lineage.Devices(_stage);

    public void Write(JournalEvent entry)
    {
        if (entry is ResumedEvent)
        {
            _stage = _stage with { Devices = [.. Earlier(), device] };
        }

        _parts = entry as MicroBatchEvent ?? _parts;

        journal.Write(entry is MeasuredEvent { Measurement: var value } ? new MeasuredEvent(lineage.Complete(value, _stage)) : entry);
        foreach (var measurement in entry is CostEvent cost ? costs(cost, _parts) : [])
        {
            journal.Write(new MeasuredEvent(measurement));
        }
    }

    public void Flush() => journal.Flush();

    /// <summary>The devices of the attempts that this attempt resumes. An attempt that wrote a checkpoint without resuming restarts the list.</summary>
    private List<string> Earlier()
    {
        var devices = new List<string>();
        foreach (var file in JournalFile.In(folder).Where(file => file.Attempt < spec.Attempt))
        {
            var events = JournalReader.Read(file.Path).Lines.Select(line => line.Event).ToList();
            if (events.Exists(entry => entry is CheckpointEvent) && !events.Exists(entry => entry is ResumedEvent))
            {
                devices.Clear();
            }

            devices.AddRange(events.OfType<StartedEvent>().Select(started => started.Device));
        }

        return devices;
    }
}

/// <summary>
/// A pipe from the coordinator that never carries data. It ends when the coordinator asks the worker to stop or dies, even by a signal. A
/// worker that has not stopped after a grace time exits, so that no orphan holds a stage.
/// </summary>
internal sealed class Lifeline : IDisposable
{
    // A network of a billion parameters has checkpoints of 13 GB, and two in sequence may have to be written.
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    // Not disposed, because the thread may return from its read after the worker's end.
    private readonly CancellationTokenSource _stop;
    private readonly ManualResetEventSlim _ended = new();

    public Lifeline(Stream? coordinator, CancellationToken alsoStop)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(alsoStop);
        if (coordinator is not null)
        {
            new Thread(() => Watch(coordinator)) { IsBackground = true, Name = "lifeline" }.Start();
        }
    }

    public CancellationToken Stop => _stop.Token;

    public void Dispose() => _ended.Set();

    private void Watch(Stream coordinator)
    {
        try
        {
            var buffer = new byte[16];
            while (coordinator.Read(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A broken pipe means the same as a closed pipe.
        }

        if (_ended.IsSet)
        {
            return;
        }

        _stop.Cancel();
        if (!_ended.Wait(Grace))
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }
}

/// <summary>
/// Handles the signals of a worker. Ctrl-C reaches every process of the terminal, so a worker ignores it: its coordinator closes the worker's
/// input to stop it. SIGTERM is meant for this process and stops it after a checkpoint.
/// </summary>
public sealed class WorkerSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Registers the handlers.</summary>
    public WorkerSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _stop.Cancel();
        }),
    ];

    /// <summary>Cancelled when SIGTERM arrives.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Removes the handlers.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }
}

/// <summary>`spec.json` in the folder of a stage: the task that the coordinator gives to the worker.</summary>
public static class StageSpecFile
{
    /// <summary>Writes the spec into the folder of a stage.</summary>
    public static void Write(string folder, StageSpec spec) =>
        AtomicFile.Write(
            Path.Combine(folder, ArtifactStore.SpecName),
            JsonSerializer.SerializeToUtf8Bytes(spec, LabJson.Default.StageSpec));

    /// <summary>Reads the spec from the folder of a stage.</summary>
    /// <exception cref="LabException">The file does not exist or is not a spec.</exception>
    public static StageSpec Read(string folder)
    {
        var path = Path.Combine(folder, ArtifactStore.SpecName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), LabJson.Default.StageSpec) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the spec, which the coordinator writes before it starts a worker: {e.Message}", e);
        }
    }
}
