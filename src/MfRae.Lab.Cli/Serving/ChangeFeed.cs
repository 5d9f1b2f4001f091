using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Serving;

/// <summary>Looks whether the database has changed, while anybody watches, and tells whoever watches a page that changed with it.</summary>
internal sealed class ChangeFeed(LivePages pages, DatabaseView database, Pace pace, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Watched> watched = [];

    /// <summary>Pages that anybody watches.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return watched.Count;
            }
        }
    }

    /// <summary>Joins those who watch a page until it is disposed of.</summary>
    public Watch Join(string page)
    {
        var shown = pages.Shown(page);
        lock (gate)
        {
            if (!watched.TryGetValue(page, out var entry))
                watched[page] = entry = new(shown);
            entry.Viewers++;
        }

        return new(this, page);
    }

    /// <summary>The stamp that was announced last, and the end of whose wait is the next.</summary>
    internal (string Stamp, Task Next) Now(string page)
    {
        lock (gate)
        {
            return (watched[page].Stamp, watched[page].Next.Task);
        }
    }

    internal void Part(string page)
    {
        lock (gate)
        {
            if (--watched[page].Viewers == 0)
                watched.Remove(page);
        }
    }

    public async Task Run(CancellationToken stop)
    {
        (int, long)? last = null;
        while (true)
        {
            try
            {
                await Task.Delay(pace.Least, time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                Look(ref last);
            }
            catch (Exception error) when (error is LabException or StoreLockedException)
            {
                // A database that is being made anew is there again in a moment; who asks for a page meanwhile is told.
                last = null;
            }
        }
    }

    private void Look(ref (int, long)? last)
    {
        if (Count == 0)
        {
            database.LetGo();
            return;
        }

        var now = database.Version();
        if (now != last)
        {
            foreach (var entry in Entries())
                entry.Value.Pending = true;
            last = now;
        }

        foreach (var (page, entry) in Entries().Where(entry => entry.Value.Pending && pages.IsDue(entry.Key)))
        {
            entry.Pending = false;
            var stamp = pages.Stamp(page);
            lock (gate)
            {
                if (stamp == entry.Stamp)
                    continue;
                entry.Stamp = stamp;
                entry.Next.SetResult();
                entry.Next = Watched.Wait();
            }
        }
    }

    private List<KeyValuePair<string, Watched>> Entries()
    {
        lock (gate)
        {
            return [.. watched];
        }
    }

    /// <summary>A page that somebody watches. What is new to the feed may have changed before it was.</summary>
    private sealed class Watched(string stamp)
    {
        public string Stamp { get; set; } = stamp;

        public bool Pending { get; set; } = true;

        public int Viewers { get; set; }

        public TaskCompletionSource Next { get; set; } = Wait();

        public static TaskCompletionSource Wait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
