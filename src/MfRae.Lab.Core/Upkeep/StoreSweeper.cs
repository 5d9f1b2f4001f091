using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Upkeep;

/// <summary>
/// Mark and sweep over the store. Kept is what the roots need, what is pinned, what is young, what a live process works on, and
/// whatever any of these was made from. A folder is renamed into `.trash` before anything in it is deleted: whenever this
/// is killed, a folder that is under its key is whole.
/// </summary>
public sealed class StoreSweeper(ArtifactStore store, TimeProvider time)
{
    private readonly StoreInventory inventory = new(store);

    /// <summary>What <see cref="Sweep"/> would do now. Changes nothing.</summary>
    /// <param name="roots">Keys of the stages that somebody needs.</param>
    public SweepPlan Survey(IEnumerable<string> roots, TimeSpan olderThan)
    {
        var items = inventory.Items();
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
                foreach (var input in inventory.InputsOf(key))
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
        ArtifactStore.CreateFolder(inventory.TrashFolder);
        for (var number = 1; ; number++)
        {
            var target = Path.Combine(inventory.TrashFolder, $"{item.Name}.{number.ToString(CultureInfo.InvariantCulture)}");
            if (!Directory.Exists(target))
            {
                ArtifactStore.MoveFolder(item.Path, target);
                return target;
            }
        }
    }
}
