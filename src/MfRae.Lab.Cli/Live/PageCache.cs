using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Reporting;
using MfRae.Lab.Reporting.Boards;

namespace MfRae.Lab.Cli.Live;

/// <summary>The current pages of the database, made on request, at most once for each change, and shared by all viewers.</summary>
/// <param name="canStop">Whether a run of the experiment can be stopped by this server.</param>
/// <param name="token">See <see cref="LiveHook"/>.</param>
internal sealed class PageCache(DatabaseView database, Func<string, bool> canStop, string token, RefreshPolicy policy, TimeProvider time)
    : IDisposable
{
    /// <summary>Name of the page that lists the experiments. No experiment has this name.</summary>
    public const string Index = "";

    /// <summary>Name of the page with the runs of all experiments.</summary>
    public const string Board = ArtifactName.Board;

    // Part of each stamp: the pages of another server have another token, even if its database is the same.
    private readonly string _server = Hash(Encoding.UTF8.GetBytes(token));
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<string, CachedPage> _pages = new();
    private readonly ConcurrentDictionary<string, ((int, long) Version, string Stamp)> _stamps = new();
    private readonly Dictionary<string, (string Stamp, IndexEntry Entry, BoardEntry Runs)> _entries = [];
    private readonly CpuBudget _budget = new(policy, time);
    private int _made;

    /// <summary>Number of pages made so far.</summary>
    public int Made => Volatile.Read(ref _made);

    public bool Has(string page) => IsOverview(page) || Recent(page) is not null || database.Read(queries => queries.Names()).Contains(page);

    /// <summary>The page, or null if the database has no such experiment.</summary>
    /// <exception cref="LabException">The database cannot be read.</exception>
    public async Task<CachedPage?> Get(string page, CancellationToken stop)
    {
        if (Recent(page) is { } recent)
            return recent;
        await _turn.WaitAsync(stop);
        try
        {
            return Recent(page) ?? await Task.Run(() => Refresh(page), stop);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether it is time to compare the page with the database.</summary>
    public bool IsDue(string page) => Recent(page) is null;

    /// <summary>Stamp of the page that a request gets now.</summary>
    /// <exception cref="LabException">The database cannot be read.</exception>
    public string ServedStamp(string page) => Recent(page)?.Stamp ?? Stamp(page);

    public void Dispose() => _turn.Dispose();

    /// <summary>A hash of the page's data in the database, computed again only after a write to the database.</summary>
    private string Stamp(string page)
    {
        var version = database.Version();
        if (_stamps.TryGetValue(page, out var known) && known.Version == version)
            return known.Stamp;
        var stamp = _server + database.Read(queries => IsOverview(page)
            ? Hash(Encoding.UTF8.GetBytes(string.Join('\n', queries.Names().Select(name => $"{name}\n{queries.Stamp(name)}"))))
            : queries.Stamp(page));
        _stamps[page] = (version, stamp);
        return stamp;
    }

    private CachedPage? Recent(string page) => _pages.GetValueOrDefault(page) is { } cached
        && (time.GetElapsedTime(cached.Checked) < policy.Least || !_budget.IsLeft) ? cached : null;

    private CachedPage? Refresh(string page)
    {
        // The stamp comes first: after a change during rendering, the page is newer than its stamp and is made once more.
        var stamp = Stamp(page);
        var last = _pages.GetValueOrDefault(page);
        if ((last?.Stamp == stamp ? last : Render(page, stamp)) is { } next)
            return _pages[page] = next with { Checked = time.GetTimestamp() };
        _pages.TryRemove(page, out _);
        return null;
    }

    private CachedPage? Render(string page, string stamp)
    {
        var hook = new LiveHook(stamp, Route.EventsOf(page), token, !IsOverview(page) && canStop(page) ? Route.StopOf(page) : null);
        var served = IsOverview(page)
            ? ServeOverview(page, hook)
            : database.Read(queries => queries.Experiment(page)) is { } record ? ReportBuilder.Serve(record, hook) : null;
        if (served is null)
            return null;
        Interlocked.Increment(ref _made);
        var html = Encoding.UTF8.GetBytes(served.Html);
        var images = served.Images.ToDictionary(image => Path.GetFileName(image.Path));
        return new(stamp, html, served.Policy + "; frame-ancestors 'none'", $"\"{Hash(html)}\"", images, 0);
    }

    /// <summary>Reads only experiments that have changed.</summary>
    private ServedPage ServeOverview(string page, LiveHook hook)
    {
        var names = database.Read(queries => queries.Names());
        var tags = database.Read(queries => queries.ExperimentTags());
        foreach (var removed in _entries.Keys.Except(names).ToList())
            _entries.Remove(removed);
        foreach (var name in names)
        {
            var stamp = database.Read(queries => queries.Stamp(name));
            if (stamp is null || (_entries.TryGetValue(name, out var earlier) && earlier.Stamp == stamp))
                continue;
            if (database.Read(queries => queries.Outline(name)) is { } record)
                _entries[name] = (stamp, IndexEntry.Of(record, tags[name]), BoardEntry.Of(record, tags[name]));
        }

        var known = names.Where(_entries.ContainsKey).Select(name => _entries[name]).ToList();
        return page == Board
            ? BoardBuilder.Serve([.. known.Select(one => one.Runs)], hook)
            : IndexBuilder.Serve([.. known.Select(one => one.Entry)], [.. names.Where(name => !_entries.ContainsKey(name))], hook);
    }

    private static bool IsOverview(string page) => page is Index or Board;

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
}

/// <summary>A page as it was made once for all viewers.</summary>
/// <param name="Stamp">Stamp of the database just before the page was made.</param>
/// <param name="Policy">Value of the Content-Security-Policy header.</param>
/// <param name="Tag">Value of the ETag header.</param>
/// <param name="Images">The images that the page links to, by file name.</param>
/// <param name="Checked">Timestamp of the last comparison with the database.</param>
internal sealed record CachedPage(
    string Stamp, byte[] Html, string Policy, string Tag, IReadOnlyDictionary<string, LinkedImage> Images, long Checked);

/// <summary>How often pages are refreshed at most: the server takes its processor time from the run that it shows.</summary>
/// <param name="Least">Time between two polls of the database.</param>
/// <param name="Share">Share of one core that may be used in the long run.</param>
/// <param name="Burst">Processor time that may be used at once after a rest.</param>
internal sealed record RefreshPolicy(TimeSpan Least, double Share, TimeSpan Burst)
{
    /// <summary>A thirtieth of one core.</summary>
    public static RefreshPolicy Default { get; } = new(TimeSpan.FromSeconds(1), 1 / 30.0, TimeSpan.FromSeconds(3));

    /// <summary>Longest time without an event.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// Processor time that grows with a share of the clock and shrinks with the usage of the whole process: by large pages, many pages, or many
/// viewers. It starts full, because the first page includes the compilation of the program.
/// </summary>
internal sealed class CpuBudget(RefreshPolicy policy, TimeProvider time)
{
    private readonly Lock _gate = new();
    private TimeSpan _left = policy.Burst;
    private long _checked = time.GetTimestamp();
    private TimeSpan _used = Environment.CpuUsage.TotalTime;

    /// <summary>Whether processor time is left.</summary>
    public bool IsLeft
    {
        get
        {
            lock (_gate)
            {
                var (now, total) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
                _left += (time.GetElapsedTime(_checked, now) * policy.Share) - (total - _used);
                _left = _left < policy.Burst ? _left : policy.Burst;
                (_checked, _used) = (now, total);
                return _left > TimeSpan.Zero;
            }
        }
    }
}
