using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// The pages of the database as it is now. Each is made when somebody asks for it, at most once for a change and for all who ask.
/// </summary>
/// <param name="runs">Whether a run of the experiment can be stopped from here.</param>
/// <param name="token">See <see cref="LiveHook"/>.</param>
internal sealed class PageCache(DatabaseView database, Func<string, bool> runs, string token, RefreshPolicy pace, TimeProvider time) : IDisposable
{
    /// <summary>Stands for the list of experiments: no experiment has this name.</summary>
    public const string Index = "";

    // A page of another server is another page, whatever its database says: it has another token.
    private readonly string _server = Hex(Encoding.UTF8.GetBytes(token));
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CachedPage> _made = [];
    private readonly Dictionary<string, (string Stamp, IndexEntry Entry)> _entries = [];
    private readonly CpuBudget _allowance = new(pace, time);
    private int _makings;

    /// <summary>How many pages were made.</summary>
    public int Made => Volatile.Read(ref _makings);

    public bool Has(string page) => page == Index || Resting(page) is not null || database.Read(queries => queries.Names()).Contains(page);

    /// <summary>The page, or null where the database has no such experiment.</summary>
    /// <exception cref="MfRae.Lab.Core.LabException">The database cannot be read.</exception>
    public async Task<CachedPage?> Get(string page, CancellationToken stop)
    {
        if (Resting(page) is { } recent)
            return recent;
        await _turn.WaitAsync(stop);
        try
        {
            return Resting(page) ?? await Task.Run(() => Make(page), stop);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What the page shows that was made last; of one that was not made yet, what it would show.</summary>
    public string Shown(string page) => Kept(page)?.Stamp ?? Stamp(page);

    /// <summary>Whether the page may be made anew by now.</summary>
    public bool IsDue(string page) => Resting(page) is null;

    /// <summary>What the database says of the page; another text where it may have changed.</summary>
    public string Stamp(string page) => _server + database.Read(queries => page == Index
        ? Hex(Encoding.UTF8.GetBytes(string.Join('\n', queries.Names().Select(name => $"{name}\n{queries.Stamp(name)}"))))
        : queries.Stamp(page));

    public void Dispose() => _turn.Dispose();

    private CachedPage? Kept(string page)
    {
        lock (_gate)
        {
            return _made.GetValueOrDefault(page);
        }
    }

    private CachedPage? Resting(string page)
    {
        lock (_gate)
        {
            return _made.GetValueOrDefault(page) is { } last && (time.GetElapsedTime(last.Looked) < pace.Least || !_allowance.IsLeft)
                ? last
                : null;
        }
    }

    private CachedPage? Make(string page)
    {
        // Before the reading: what is written in between makes the page newer than its stamp, and it is looked at once more.
        var stamp = Stamp(page);
        var last = Kept(page);
        var next = last?.Stamp == stamp ? last : Render(page, stamp);
        lock (_gate)
        {
            if (next is null)
                _made.Remove(page);
            else
                _made[page] = next = next with { Looked = time.GetTimestamp() };
        }

        return next;
    }

    private CachedPage? Render(string page, string stamp)
    {
        var stoppable = page != Index && runs(page);
        var hook = new LiveHook(stamp, Route.EventsOf(page), token, stoppable ? Route.StopOf(page) : null);
        var served = page == Index
            ? ServeIndex(hook)
            : database.Read(queries => queries.Experiment(page)) is { } record ? ReportBuilder.Serve(record, hook) : null;
        if (served is null)
            return null;
        Interlocked.Increment(ref _makings);
        var html = Encoding.UTF8.GetBytes(served.Html);
        return new(stamp, html, served.Policy + "; frame-ancestors 'none'", $"\"{Hex(html)}\"", 0);
    }

    /// <summary>Experiments that have not changed are not read again.</summary>
    private ServedPage ServeIndex(LiveHook hook)
    {
        var names = database.Read(queries => queries.Names());
        var tags = database.Read(queries => queries.ExperimentTags());
        foreach (var gone in _entries.Keys.Except(names).ToList())
            _entries.Remove(gone);
        foreach (var name in names)
        {
            var stamp = database.Read(queries => queries.Stamp(name));
            if (stamp is null || (_entries.TryGetValue(name, out var known) && known.Stamp == stamp))
                continue;
            if (database.Read(queries => queries.Outline(name)) is { } record)
                _entries[name] = (stamp, IndexEntry.Of(record, tags[name]));
        }

        return IndexBuilder.Serve(
            [.. names.Where(_entries.ContainsKey).Select(name => _entries[name].Entry)], [.. names.Where(name => !_entries.ContainsKey(name))], hook);
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
}

/// <summary>A page as it was made once, for all who ask.</summary>
/// <param name="Stamp">Of what the database said just before.</param>
/// <param name="Tag">Identifies the bytes, for requests that have them already.</param>
/// <param name="Looked">When the database was last compared with it, as a timestamp.</param>
internal sealed record CachedPage(string Stamp, byte[] Html, string Policy, string Tag, long Looked);

/// <summary>How often pages are made anew at most: what the server takes of the machine is taken from the run it shows.</summary>
/// <param name="Least">Between two looks at the database.</param>
/// <param name="Share">Of one core, in the long run, for pages that are made anew.</param>
/// <param name="Burst">Processor time that may be used at once after a rest.</param>
internal sealed record RefreshPolicy(TimeSpan Least, double Share, TimeSpan Burst)
{
    /// <summary>A thirtieth of one core.</summary>
    public static RefreshPolicy Default { get; } = new(TimeSpan.FromSeconds(1), 1 / 30.0, TimeSpan.FromSeconds(3));
}

/// <summary>
/// Processor time that grows at a share of the clock and shrinks by what this process uses, for whatever reason: large pages, many of
/// them, or many viewers. It begins full, since the first page of all costs more than any other: the program is still being compiled.
/// </summary>
internal sealed class CpuBudget(RefreshPolicy pace, TimeProvider time)
{
    private readonly Lock _gate = new();
    private TimeSpan _left = pace.Burst;
    private long _looked = time.GetTimestamp();
    private TimeSpan _used = Environment.CpuUsage.TotalTime;

    /// <summary>Whether there is any left.</summary>
    public bool IsLeft
    {
        get
        {
            lock (_gate)
            {
                var (now, total) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
                _left += (time.GetElapsedTime(_looked, now) * pace.Share) - (total - _used);
                _left = _left < pace.Burst ? _left : pace.Burst;
                (_looked, _used) = (now, total);
                return _left > TimeSpan.Zero;
            }
        }
    }
}
