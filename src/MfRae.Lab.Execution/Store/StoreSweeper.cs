using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Mark and sweep over the store. Kept is what the roots need, what is pinned, what is young, what a live process works on, and
/// whatever any of these was made from. A folder is renamed into `.trash` before anything in it is deleted: whenever this
/// is killed, a folder that is under its key is whole.
/// </summary>
public sealed class StoreSweeper(ArtifactStore store, TimeProvider time)
{
    private readonly StoreInventory _inventory = new(store);

    /// <summary>What <see cref="Sweep"/> would do now. Changes nothing.</summary>
    /// <param name="roots">Keys of the stages that somebody needs.</param>
    public SweepPlan Survey(IEnumerable<string> roots, TimeSpan olderThan)
    {
        var items = _inventory.Items();
        var young = time.GetUtcNow() - olderThan;
        var marked = Mark(roots.Concat(new StorePins(store).Keys()).Concat(items
            .Where(item => item.Class is SweepClass.Stage or SweepClass.Partial)
            .Where(item => item.Touched > young || IsInWork(item.Name))
            .Select(item => item.Name)));
        bool Keep(SweepItem item) => item.Class switch
        {
            SweepClass.Leftover => false,
            SweepClass.Stage or SweepClass.Partial => marked.Contains(item.Name),
            _ => item.Touched > young,
        };
        return new([.. items.Where(Keep)], [.. items.Where(item => !Keep(item))]);
    }

    /// <summary>Deletes what is garbage, and returns what that was.</summary>
    /// <param name="roots">Asked when nobody can begin a run any more, so that no plan is missed.</param>
    /// <exception cref="StoreLockedException">Another process has held the store for too long.</exception>
    /// <exception cref="LabException">A folder cannot be moved or deleted.</exception>
    public SweepPlan Sweep(Func<IEnumerable<string>> roots, TimeSpan olderThan, CancellationToken stop = default)
    {
        SweepPlan plan;
        var aside = new List<string>();
        try
        {
            ArtifactStore.CreateFolder(store.Root);
            using (FileLock.Gate(store))
            {
                plan = Survey(roots(), olderThan);
                foreach (var item in plan.Doomed)
                {
                    aside.Add(item.Class == SweepClass.Leftover ? item.Path : MoveAside(item));
                }
            }

            // Outside of the lock: deleting gigabytes takes its time, and what is in the trash is nobody's.
            foreach (var folder in aside)
            {
                stop.ThrowIfCancellationRequested();
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the store {store.Root} cannot be cleaned up: {e.Message} What was not deleted is as it was.", e);
        }

        return plan;
    }

    private HashSet<string> Mark(IEnumerable<string> roots)
    {
        var marked = new HashSet<string>();
        var open = new Stack<string>(roots);
        while (open.TryPop(out var key))
        {
            if (marked.Add(key))
            {
                foreach (var input in _inventory.InputsOf(key))
                {
                    open.Push(input);
                }
            }
        }

        return marked;
    }

    /// <summary>A worker may outlive its coordinator, and then holds its lock without anybody's lease.</summary>
    private bool IsInWork(string key)
    {
        if (StageLeases.LiveOwner(store, key, time) is not null)
        {
            return true;
        }

        if (!File.Exists(Path.Combine(store.LockFolder, key + ".worker")))
        {
            return false;
        }

        using var free = FileLock.Try(FileLock.OfWorker(store, key));
        return free is null;
    }

    private string MoveAside(SweepItem item)
    {
        ArtifactStore.CreateFolder(_inventory.TrashFolder);
        for (var number = 1; ; number++)
        {
            var target = Path.Combine(_inventory.TrashFolder, $"{item.Name}.{number.ToString(CultureInfo.InvariantCulture)}");
            if (!Directory.Exists(target))
            {
                ArtifactStore.MoveFolder(item.Path, target);
                return target;
            }
        }
    }
}

/// <summary>Everything a store holds that can be deleted, with sizes and times.</summary>
internal sealed class StoreInventory(ArtifactStore store)
{
    public string TrashFolder => Path.Combine(store.Root, ".trash");

    public IReadOnlyList<SweepItem> Items() =>
    [
        .. store.CompleteKeys().Select(key => Item(SweepClass.Stage, store.CompleteFolder(key))),
        .. store.PartialKeys().Select(key => Item(SweepClass.Partial, store.PartialFolder(key))),
        .. Folders(store.BadFolder).Select(path => Item(SweepClass.SetAside, path)),
        .. Folders(Path.Combine(store.Root, "features")).Select(path => Item(SweepClass.Features, path)),
        .. Folders(TrashFolder).Select(path => Item(SweepClass.Leftover, path)),
    ];

    /// <summary>Keys of the stages that a stage was made from; none where its folder does not say.</summary>
    public IReadOnlyList<string> InputsOf(string key)
    {
        if (!ArtifactName.IsKey(key) || store.Find(key) is not { } folder)
        {
            return [];
        }

        // Read as plain JSON: a record of a version that knew other options still tells its inputs.
        return folder == store.CompleteFolder(key)
            ? Inputs(Path.Combine(folder, ArtifactStore.ManifestName), root => root.GetProperty("inputs"))
            : Inputs(Path.Combine(folder, ArtifactStore.SpecName), root => root.GetProperty("node").GetProperty("inputs"));
    }

    private static IReadOnlyList<string> Inputs(string path, Func<JsonElement, JsonElement> find)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. find(document.RootElement).EnumerateObject().Select(input => input.Value.GetString()).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }

    private static IEnumerable<string> Folders(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal) : [];

    private static SweepItem Item(SweepClass kind, string path)
    {
        var folder = new DirectoryInfo(path);
        long bytes = 0;
        var touched = folder.LastWriteTimeUtc;
        // A stage completes while this looks: its files then lie elsewhere, and the folder is no more to be swept than before.
        try
        {
            // Links are counted as links: what they point to is not the store's.
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var file in folder.EnumerateFiles("*", options))
            {
                bytes += file.Length;
                touched = file.LastWriteTimeUtc > touched ? file.LastWriteTimeUtc : touched;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            touched = DateTime.UtcNow;
        }

        return new(kind, path, folder.Name, bytes, touched);
    }
}

/// <summary>What a collection keeps and what it deletes.</summary>
public sealed record SweepPlan(IReadOnlyList<SweepItem> Kept, IReadOnlyList<SweepItem> Doomed)
{
    public IReadOnlyList<SweepRow> Rows() => [.. Enum.GetValues<SweepClass>().Select(kind => new SweepRow(
        kind,
        Kept.Count(item => item.Class == kind),
        Kept.Where(item => item.Class == kind).Sum(item => item.Bytes),
        Doomed.Count(item => item.Class == kind),
        Doomed.Where(item => item.Class == kind).Sum(item => item.Bytes)))];
}

/// <summary>One class of a <see cref="SweepPlan"/> in numbers.</summary>
public sealed record SweepRow(SweepClass Class, int Kept, long KeptBytes, int Doomed, long DoomedBytes);

/// <summary>One folder of the store.</summary>
/// <param name="Name">The folder's name; of stages the key.</param>
/// <param name="Touched">When it was last written to.</param>
public sealed record SweepItem(SweepClass Class, string Path, string Name, long Bytes, DateTimeOffset Touched);

/// <summary>The kinds of things that a store collects.</summary>
public enum SweepClass
{
    /// <summary>A complete stage: `KEY`.</summary>
    Stage,

    /// <summary>A stage that was begun and not completed: `.partial/KEY`, with its checkpoints.</summary>
    Partial,

    /// <summary>A folder that did not verify: `.bad/KEY.N`.</summary>
    SetAside,

    /// <summary>Features of image sets, which can always be computed again: `features/KEY`.</summary>
    Features,

    /// <summary>What an earlier collection was about to delete when it was killed.</summary>
    Leftover,
}

/// <summary>Stages that a user asked to keep, whoever needs them: an empty file `.pins/KEY` for each.</summary>
public sealed class StorePins(ArtifactStore store)
{
    private string Folder => Path.Combine(store.Root, ".pins");

    public IReadOnlyList<string> Keys() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(ArtifactName.IsKey).Order(StringComparer.Ordinal)]
        : [];

    /// <returns>The key.</returns>
    /// <exception cref="LabException">No stage of the store has a key that starts like this, or several have.</exception>
    public string Add(string prefix)
    {
        var key = UniquePrefix.Find(prefix, store.CompleteKeys().Concat(store.PartialKeys()), "stage of the store");
        Try(() =>
        {
            ArtifactStore.CreateFolder(Folder);
            File.WriteAllBytes(Path.Combine(Folder, key), []);
        });
        return key;
    }

    /// <returns>The key.</returns>
    /// <exception cref="LabException">No pin has a key that starts like this, or several have.</exception>
    public string Remove(string prefix)
    {
        var key = UniquePrefix.Find(prefix, Keys(), "pin");
        Try(() => File.Delete(Path.Combine(Folder, key)));
        return key;
    }

    private void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the store {store.Root} cannot be written: {e.Message}", e);
        }
    }
}
