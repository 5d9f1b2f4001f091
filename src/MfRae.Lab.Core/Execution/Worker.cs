using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Identity;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Computes one stage in this process: from `spec.json` to a complete artifact, or to a journal that says why not.</summary>
public static class Worker
{
    /// <param name="folder">STORE/.partial/KEY with its `spec.json`.</param>
    /// <param name="create">Makes the stage that computes a definition.</param>
    /// <param name="device">What the numerics run on, for the record.</param>
    /// <param name="threads">Threads of the numerics, for the record.</param>
    /// <param name="coordinator">Standard input, whose end means stop; null where nobody coordinates.</param>
    /// <returns>One of <see cref="WorkerExit"/>.</returns>
    /// <exception cref="LabException">There is no stage to compute, another worker computes it, or the store cannot be written.</exception>
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
            throw new LabException($"{Path.Combine(folder, ArtifactStore.SpecName)} is the spec of another stage, {node.Key}");
        }

        // The coordinator tries this lock for an instant to see whether a worker lives, hence the patience.
        using var alone = FileLock.Wait(FileLock.OfWorker(store, node.Key), TimeSpan.FromSeconds(2))
            ?? throw new LabException($"the stage {node.Label} is being computed by another worker");
        using var journal = OpenJournal();
        var identified = new IdentifiedJournal(journal, spec, folder, device, Lineage.Of(store));
        using var lifeline = new Lifeline(coordinator, stop);
        var owner = ProcessIdentity.Current();
        var origin = AttemptOrigins.OfProcess(device, spec);
        var started = time.GetUtcNow();
        var clock = time.GetTimestamp();

        void Finish(string status, string? error) => journal.Write(
            new FinishedEvent(status, time.GetElapsedTime(clock).TotalSeconds, ResourceUse.CpuSeconds(), ResourceUse.PeakBytes(), error));

        try
        {
            journal.Write(new StartedEvent(spec.Attempt, owner.Host, owner.Pid, owner.BootId, device, threads, origin));
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
        catch (LabException e)
        {
            Finish(AttemptStatus.Failed, e.Message);
            return WorkerExit.Environment;
        }
        catch (Exception e)
        {
            // Anything else is a bug in the stage, and a bug keeps its stack.
            Finish(AttemptStatus.Failed, e.ToString());
            return WorkerExit.Failed;
        }

        return Complete();

        Journal OpenJournal()
        {
            try
            {
                return new Journal(folder, spec.Attempt, time);
            }
            catch (Exception e) when (FileFault.OfStore(e, store) is { } fault)
            {
                throw fault;
            }
        }

        // The stage is not to blame: it goes on where it was as soon as the store can be written again.
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
