using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Mark and sweep over the store. It keeps the roots, pinned, recent and running stages, and all inputs of these. A folder is renamed into
/// `.trash` before any of its files is deleted, so that a folder with the name of its key is complete even if the process is killed.
/// </summary>
public sealed class StoreSweeper(ArtifactStore store, TimeProvider time)
{
    private readonly StoreInventory _inventory = new(store);

    /// <summary>The folders that <see cref="Sweep"/> would keep and delete now. Changes nothing.</summary>
    /// <param name="roots">The keys of the stages in use.</param>
    /// <param name="olderThan">Folders with a more recent write are kept.</param>
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

    /// <summary>Deletes the garbage and returns it.</summary>
    /// <param name="roots">Gives the keys of the stages in use. Called when no run can begin, so that no plan is missed.</param>
    /// <param name="olderThan">Folders with a more recent write are kept.</param>
    /// <param name="stop">Cancels the sweep between two folders.</param>
    /// <exception cref="StoreLockedException">Another process has locked the store for too long.</exception>
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

            // Outside of the lock, because deleting gigabytes takes time and no process uses the trash.
            foreach (var folder in aside)
            {
                stop.ThrowIfCancellationRequested();
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{store.Root}: cannot clean up the store: {e.Message} The remaining files were not changed.", e);
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

    /// <summary>Whether a worker is running; it may outlive its coordinator and then holds its lock without a lease.</summary>
    private bool IsInWork(string key)
    {
        if (StageLeases.LiveOwner(store, key, time, StageLeases.Abandoned) is not null)
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

/// <summary>The folders of a store that can be deleted, with sizes and times.</summary>
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

    /// <summary>The keys of the inputs of a stage; empty if its folder does not list them.</summary>
    public IReadOnlyList<string> InputsOf(string key)
    {
        if (!ArtifactName.IsKey(key) || store.Find(key) is not { } folder)
        {
            return [];
        }

        // Read as plain JSON, so that a record from a version with other options still gives the inputs.
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
        // The stage may complete meanwhile: then its files are in another folder, which is kept as well.
        try
        {
            // Counts links, not their targets, which do not belong to the store.
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

/// <summary>The folders that a sweep keeps and deletes.</summary>
public sealed record SweepPlan(IReadOnlyList<SweepItem> Kept, IReadOnlyList<SweepItem> Doomed)
{
    /// <summary>Number and size of the folders of each kind.</summary>
    public IReadOnlyList<SweepRow> Rows() => [.. Enum.GetValues<SweepClass>().Select(kind => new SweepRow(
        kind,
        Kept.Count(item => item.Class == kind),
        Kept.Where(item => item.Class == kind).Sum(item => item.Bytes),
        Doomed.Count(item => item.Class == kind),
        Doomed.Where(item => item.Class == kind).Sum(item => item.Bytes)))];
}

/// <summary>Number and size of the folders of one kind in a <see cref="SweepPlan"/>.</summary>
public sealed record SweepRow(SweepClass Class, int Kept, long KeptBytes, int Doomed, long DoomedBytes);

/// <summary>One folder of the store.</summary>
/// <param name="Class">The kind of the folder.</param>
/// <param name="Name">The name of the folder, which is the key of a stage.</param>
/// <param name="Path">The path of the folder.</param>
/// <param name="Bytes">The size in bytes.</param>
/// <param name="Touched">The time of the last write.</param>
public sealed record SweepItem(SweepClass Class, string Path, string Name, long Bytes, DateTimeOffset Touched);

/// <summary>The kinds of folders that a sweep can delete.</summary>
public enum SweepClass
{
    /// <summary>A complete stage: `KEY`.</summary>
    Stage,

    /// <summary>An incomplete stage: `.partial/KEY`, with its checkpoints.</summary>
    Partial,

    /// <summary>A folder that was set aside: `.bad/KEY.N`.</summary>
    SetAside,

    /// <summary>Features of image sets, which can always be recomputed: `features/KEY`.</summary>
    Features,

    /// <summary>Folders that a killed sweep had not deleted yet.</summary>
    Leftover,
}

/// <summary>Stages that the user pinned, which are always kept: an empty file `.pins/KEY` for each stage.</summary>
public sealed class StorePins(ArtifactStore store)
{
    private string Folder => Path.Combine(store.Root, ".pins");

    /// <summary>The keys of all pinned stages.</summary>
    public IReadOnlyList<string> Keys() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(ArtifactName.IsKey).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Pins a stage.</summary>
    /// <returns>The key.</returns>
    /// <exception cref="LabException">No key of a stage in the store starts with the prefix, or several keys do.</exception>
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

    /// <summary>Removes a pin.</summary>
    /// <returns>The key.</returns>
    /// <exception cref="LabException">No key of a pin starts with the prefix, or several keys do.</exception>
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
