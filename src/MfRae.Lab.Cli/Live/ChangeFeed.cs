using System.Runtime.ExceptionServices;
using MfRae.Lab.Core;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// Polls the database for changes while pages are watched, and notifies the viewers of each page that changed. Every exception is reported,
/// viewers are warned that their page may be out of date, and the feed tries again.
/// </summary>
internal sealed class ChangeFeed(PageCache pages, DatabaseView database, RefreshPolicy pace, TimeProvider time)
{
    private const int LongestTrouble = 300;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedPage> _watched = [];

    /// <summary>Pages that anybody watches.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _watched.Count;
            }
        }
    }

    /// <summary>Joins those who watch a page until it is disposed of.</summary>
    public PageSubscription Join(string page)
    {
        var shown = pages.Shown(page);
        lock (_gate)
        {
            if (!_watched.TryGetValue(page, out var entry))
                _watched[page] = entry = new(shown);
            entry.Viewers++;
        }

        return new(this, page);
    }

    /// <summary>The stamp that was announced last, why it may be an old one or null, and a task that ends when either changes.</summary>
    internal (string Stamp, string? Trouble, Task Next) Now(string page)
    {
        lock (_gate)
        {
            return (_watched[page].Stamp, _watched[page].Trouble, _watched[page].Next.Task);
        }
    }

    internal void Part(string page)
    {
        lock (_gate)
        {
            if (--_watched[page].Viewers == 0)
                _watched.Remove(page);
        }
    }

    /// <param name="complain">Receives each exception once; the same exception again only after a success.</param>
    public async Task Run(Action<Exception> complain, CancellationToken stop)
    {
        (int, long)? last = null;
        string? told = null;
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
                told = null;
            }
            catch (Exception error)
            {
                // Of any kind: viewers would otherwise go on to trust a page that no longer changes.
                last = null;
                if (error.Message != told)
                    Complain(complain, error);
                told = error.Message;
            }
        }
    }

    private static void Complain(Action<Exception> complain, Exception error)
    {
        try
        {
            complain(error);
        }
        catch (IOException)
        {
            // Nobody reads standard error any more. The pages still say that they may be old.
        }
    }

    /// <exception cref="Exception">The first thing that went wrong, after everything was tried.</exception>
    private void Look(ref (int, long)? last)
    {
        if (Count == 0)
        {
            database.LetGo();
            return;
        }

        (int, long) now;
        try
        {
            now = database.Version();
        }
        catch (Exception error)
        {
            foreach (var (_, entry) in Entries())
                Tell(entry, entry.Stamp, error.Message);
            throw;
        }

        if (now != last)
        {
            foreach (var entry in Entries())
                entry.Value.Pending = true;
            last = now;
        }

        ExceptionDispatchInfo? failure = null;
        foreach (var (page, entry) in Entries().Where(entry => entry.Value.Pending && pages.IsDue(entry.Key)))
        {
            try
            {
                Tell(entry, pages.Stamp(page), null);
                entry.Pending = false;
            }
            catch (Exception error)
            {
                Tell(entry, entry.Stamp, error.Message);
                failure ??= ExceptionDispatchInfo.Capture(error);
            }
        }

        failure?.Throw();
    }

    private void Tell(WatchedPage entry, string stamp, string? trouble)
    {
        // One line: that is how events are written.
        trouble = trouble is null ? null : PrintableText.Of(trouble, LongestTrouble);
        lock (_gate)
        {
            if (stamp == entry.Stamp && trouble == entry.Trouble)
                return;
            (entry.Stamp, entry.Trouble) = (stamp, trouble);
            entry.Next.SetResult();
            entry.Next = WatchedPage.Wait();
        }
    }

    private List<KeyValuePair<string, WatchedPage>> Entries()
    {
        lock (_gate)
        {
            return [.. _watched];
        }
    }

    /// <summary>A page that somebody watches. What is new to the feed may have changed before it was.</summary>
    private sealed class WatchedPage(string stamp)
    {
        public string Stamp { get; set; } = stamp;

        /// <summary>Why the stamp may be an old one, or null.</summary>
        public string? Trouble { get; set; }

        public bool Pending { get; set; } = true;

        public int Viewers { get; set; }

        public TaskCompletionSource Next { get; set; } = Wait();

        public static TaskCompletionSource Wait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>A viewer's place among those who watch a page.</summary>
internal sealed class PageSubscription(ChangeFeed feed, string page) : IDisposable
{
    /// <summary>The stamp of what there is to see, why it may be an old one or null, and a task that ends when either changes.</summary>
    public (string Stamp, string? Trouble, Task Next) Now => feed.Now(page);

    public void Dispose() => feed.Part(page);
}
