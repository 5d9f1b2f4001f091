using System.Text;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Drops large files of completed stages by kind. Journals, manifests, images and measurements stay, so results outlive weights. A stage
/// that needs a dropped file later makes its input be computed again, with the same hash.
/// </summary>
public sealed class StoreTrimmer(ArtifactStore store, TimeProvider time)
{
    /// <summary>The files that <see cref="Drop"/> would drop now. Changes nothing.</summary>
    /// <exception cref="LabException">A record of the store cannot be read.</exception>
    public TrimPlan Survey(TrimRequest request)
    {
        var pins = new StorePins(store).Keys().ToHashSet();
        var needed = new NeededFiles(store, time);
        var young = time.GetUtcNow() - request.OlderThan;
        var items = new List<TrimItem>();
        foreach (var key in store.CompleteKeys().Where(key => request.Only?.Contains(key) ?? true))
        {
            if (Read(key) is not { } manifest)
            {
                continue;
            }

            var folder = new DirectoryInfo(store.CompleteFolder(key));
            var written = folder.EnumerateFiles().Select(file => file.LastWriteTimeUtc).Append(folder.LastWriteTimeUtc).Max();
            foreach (var kind in StoredFiles.Split(request.Kinds))
            {
                var files = manifest.Files.Where(file => StoredFiles.KindOf(manifest.Kind, file.Name) == kind
                    && File.Exists(Path.Combine(folder.FullName, file.Name))).ToList();
                if (files.Count > 0)
                {
                    items.Add(new(key, manifest.Label, kind, [.. files.Select(file => file.Name)], files.Sum(file => file.Size),
                        pins.Contains(key) ? TrimDecision.Pinned
                        : needed.Of(key).HasFlag(kind) ? TrimDecision.Needed
                        : written > young ? TrimDecision.Recent
                        : request.Accepts?.Invoke(manifest, kind) == false ? TrimDecision.Kept
                        : TrimDecision.Dropped));
                }
            }
        }

        return new(items);
    }

    /// <summary>Drops files and returns them.</summary>
    /// <param name="request">What to drop.</param>
    /// <param name="reason">Why, for the record.</param>
    /// <exception cref="StoreLockedException">Another process has locked the store for too long.</exception>
    /// <exception cref="LabException">A file cannot be deleted, or a record cannot be read.</exception>
    public TrimPlan Drop(TrimRequest request, string reason)
    {
        try
        {
            ArtifactStore.CreateFolder(store.Root);
            // A run records its plan under the same lock before it looks for stages, so no file that it has found is dropped.
            using var gate = FileLock.Gate(store);
            var plan = Survey(request);
            foreach (var stage in plan.Dropped.GroupBy(item => item.Key))
            {
                DroppedRecord.Drop(store.CompleteFolder(stage.Key), [.. stage.SelectMany(item => item.Files)], reason, time.GetUtcNow());
            }

            return plan;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{store.Root}: cannot drop files of the store: {e.Message} The remaining files were not changed.", e);
        }
    }

    // The next run sets a stage with a damaged manifest aside.
    private Manifest? Read(string key)
    {
        try
        {
            return store.ReadManifest(key);
        }
        catch (LabException)
        {
            return null;
        }
    }
}

/// <summary>What to drop.</summary>
/// <param name="Kinds">The kinds of files.</param>
/// <param name="OlderThan">Stages with a more recent write keep their files.</param>
/// <param name="Only">The keys of the stages; null: all.</param>
/// <param name="Accepts">A further condition on a stage and a kind; null: none.</param>
public sealed record TrimRequest(
    StoredFileKinds Kinds, TimeSpan OlderThan, IReadOnlySet<string>? Only = null, Func<Manifest, StoredFileKinds, bool>? Accepts = null);

/// <summary>What happens to the files of each stage.</summary>
public sealed record TrimPlan(IReadOnlyList<TrimItem> Items)
{
    /// <summary>The files that are dropped.</summary>
    public IEnumerable<TrimItem> Dropped => Items.Where(item => item.Decision == TrimDecision.Dropped);
}

/// <summary>The files of one kind of a stage.</summary>
/// <param name="Bytes">Their size, whether or not other stages share their content.</param>
public sealed record TrimItem(
    string Key, string Label, StoredFileKinds Kind, IReadOnlyList<string> Files, long Bytes, TrimDecision Decision);

/// <summary>Whether files are dropped, or why they stay.</summary>
public enum TrimDecision
{
    /// <summary>They are dropped.</summary>
    Dropped,

    /// <summary>The user pinned the stage.</summary>
    Pinned,

    /// <summary>A stage of a current plan that is not complete reads them.</summary>
    Needed,

    /// <summary>The stage was written recently.</summary>
    Recent,

    /// <summary>The request leaves them out.</summary>
    Kept,
}

/// <summary>
/// Drops what a completed run no longer needs: the weights of intermediate steps after they were measured, and images and latents that are
/// computed again within minutes.
/// </summary>
public static class SpentFiles
{
    /// <summary>Images and latents are dropped if their computation took at most this long.</summary>
    public static readonly TimeSpan LongestComputation = TimeSpan.FromMinutes(2);

    // Smaller stages are not worth the computation.
    private const long Least = 1 << 20;

    /// <summary>Drops the spent files of a plan.</summary>
    /// <param name="plan">The plan that ran.</param>
    /// <param name="keep">The kinds that the user asked to keep.</param>
    /// <returns>The files that were dropped.</returns>
    /// <exception cref="StoreLockedException">Another process has locked the store for too long.</exception>
    /// <exception cref="LabException">A file cannot be deleted, or a record cannot be read.</exception>
    public static TrimPlan Drop(ArtifactStore store, Plan plan, StoredFileKinds keep, TimeProvider time)
    {
        var kinds = (StoredFileKinds.Data | StoredFileKinds.Latents | StoredFileKinds.Snapshots) & ~keep;
        var measured = plan.Stages.Where(stage => stage.Definition is SnapshotStage && store.IsComplete(stage.Key))
            .Select(stage => stage.Inputs[StageInput.Generator]).ToHashSet();
        bool IsSpent(Manifest manifest, StoredFileKinds kind) => kind == StoredFileKinds.Snapshots
            ? measured.Contains(manifest.Key)
            : manifest.Provenance.Finished - manifest.Provenance.Started <= LongestComputation
                && manifest.Files.Where(file => StoredFiles.KindOf(manifest.Kind, file.Name) == kind).Sum(file => file.Size) >= Least;
        return new StoreTrimmer(store, time).Drop(
            new(kinds, TimeSpan.Zero, plan.Stages.Select(stage => stage.Key).ToHashSet(), IsSpent), "the run was complete");
    }
}

/// <summary>The files of complete stages that stages in work, or stages of current plans that are not complete, will read.</summary>
internal sealed class NeededFiles
{
    private readonly Dictionary<string, StoredFileKinds> _kinds = [];

    public NeededFiles(ArtifactStore store, TimeProvider time)
    {
        var plans = new StoreRecords(store).Plans();
        var leased = StageLeases.Keys(store).Where(key => StageLeases.LiveOwner(store, key, time, StageLeases.Abandoned) is not null).ToHashSet();
        foreach (var key in leased)
        {
            _kinds[key] = StoredFileKinds.All;
        }

        foreach (var stage in plans.SelectMany(plan => plan.Stages).Where(stage => leased.Contains(stage.Key)).DistinctBy(stage => stage.Key))
        {
            Add(stage.Inputs, Definition(stage));
        }

        foreach (var plan in StoreRecords.Current(plans))
        {
            AddOpen(store, plan);
        }
    }

    public StoredFileKinds Of(string key) => _kinds.GetValueOrDefault(key);

    private void AddOpen(ArtifactStore store, PlanRecord plan)
    {
        if (plan.Stages.All(stage => store.IsComplete(stage.Key)))
        {
            return;
        }

        var definitions = plan.Stages.ToDictionary(stage => stage.Key, Definition);
        // The graph needs definitions for its estimates only.
        var nodes = plan.Stages.Select(stage => new StageNode(
            stage.Key, stage.Kind, stage.Label, definitions[stage.Key] ?? new ProbeStage(), stage.Seed, stage.Inputs)).ToList();
        var actions = StageActions.Of(new(nodes), nodes.ToDictionary(node => node.Key, node => StoreSurvey.Look(store, node.Key, new())));
        foreach (var node in nodes.Where(node => actions[node.Key] == StageAction.Run))
        {
            Add(node.Inputs, definitions[node.Key]);
        }
    }

    private void Add(IReadOnlyDictionary<string, string> inputs, StageDefinition? definition)
    {
        foreach (var (name, key) in inputs)
        {
            _kinds[key] = Of(key) | (definition?.Reads(name) ?? StoredFileKinds.All);
        }
    }

    // Null for a stage of another version of the program.
    private static StageDefinition? Definition(PlannedStage stage)
    {
        try
        {
            return VersionedJson.Read<StageDefinition>(Encoding.UTF8.GetBytes(stage.DefinitionJson));
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
