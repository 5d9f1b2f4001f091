using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using MfRae.Lab.Core;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// Sends viewers events about changes of their pages. After an error, viewers are told that their page may be out of date, and the feed
/// tries again.
/// </summary>
/// <param name="progress">The progress of an experiment for its page; the empty string if nothing is running.</param>
/// <param name="report">Receives each error of a page once; the same error again only after a success.</param>
internal sealed class ChangeFeed(
    PageCache pages, Func<string, string> progress, RefreshPolicy policy, Action<Exception> report, TimeProvider time)
{
    private const int MaxErrorLength = 300;
    private static readonly TimeSpan ReconnectionInterval = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, WatchedPage> _watched = new();

    /// <summary>
    /// Events about a page until the viewer leaves: the page's stamp, at once and after each change; <c>progress</c> of running stages;
    /// <c>stale</c> with the error when the database cannot be compared; <c>fresh</c> when it can again; <c>heartbeat</c>, so that a lost viewer
    /// is noticed.
    /// </summary>
    public async IAsyncEnumerable<SseItem<string>> Follow(string page, [EnumeratorCancellation] CancellationToken stop = default)
    {
        var shown = new PageState(null, "", null);
        var beat = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            var state = Look(page);
            if (state.Error != shown.Error)
                yield return state.Error is null ? new("live", "fresh") : new(state.Error, "stale");
            if (state.Stamp is { } stamp && stamp != shown.Stamp)
                yield return new(stamp) { ReconnectionInterval = ReconnectionInterval };
            if (state.Progress != shown.Progress)
                yield return new(state.Progress, "progress");
            shown = state;
            if (time.GetElapsedTime(beat) >= policy.Heartbeat)
            {
                yield return new("", "heartbeat");
                beat = time.GetTimestamp();
            }

            await Task.Delay(policy.Least, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Compares a page with the database, or returns the last state if another viewer of the page is doing so.</summary>
    private PageState Look(string page)
    {
        var watched = _watched.GetOrAdd(page, _ => new());
        if (!watched.Gate.TryEnter())
            return watched.State;
        try
        {
            if (watched.State.Stamp is null || pages.IsDue(page))
                watched.State = new(pages.ServedStamp(page), page is PageCache.Index or PageCache.Board ? "" : progress(page), null);
        }
        catch (Exception error)
        {
            // Any exception: viewers would otherwise trust a page that no longer changes.
            var message = PrintableText.Of(error.Message, MaxErrorLength);
            if (message == watched.State.Error)
                return watched.State;
            watched.State = watched.State with { Error = message };
            report(error);
        }
        finally
        {
            watched.Gate.Exit();
        }

        return watched.State;
    }

    private sealed class WatchedPage
    {
        public volatile PageState State = new(null, "", null);

        public Lock Gate { get; } = new();
    }

    /// <param name="Error">Why the stamp may be out of date, or null.</param>
    private sealed record PageState(string? Stamp, string Progress, string? Error);
}
