using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// The pages of the database as it is now. Each is made when somebody asks for it, at most once for a change and for all who ask.
/// </summary>
/// <param name="runs">Whether a run of the experiment can be stopped from here.</param>
/// <param name="token">See <see cref="LiveHook"/>.</param>
internal sealed class LivePages(DatabaseView database, Func<string, bool> runs, string token, Pace pace, TimeProvider time) : IDisposable
{
    /// <summary>Stands for the list of experiments: no experiment has this name.</summary>
    public const string Index = "";

    // A page of another server is another page, whatever its database says: it has another token.
    private readonly string server = Hex(Encoding.UTF8.GetBytes(token));
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Rendering> made = [];
    private readonly Dictionary<string, (string Stamp, IndexEntry Entry)> entries = [];
    private readonly Allowance allowance = new(pace, time);
    private int makings;

    /// <summary>How many pages were made.</summary>
    public int Made => Volatile.Read(ref makings);

    public bool Has(string page) => page == Index || Resting(page) is not null || database.Read(queries => queries.Names()).Contains(page);

    /// <summary>The page, or null where the database has no such experiment.</summary>
    /// <exception cref="Core.Experiments.LabException">The database cannot be read.</exception>
    public async Task<Rendering?> Get(string page, CancellationToken stop)
    {
        if (Resting(page) is { } recent)
            return recent;
        await turn.WaitAsync(stop);
        try
        {
            return Resting(page) ?? await Task.Run(() => Make(page), stop);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>What the page shows that was made last; of one that was not made yet, what it would show.</summary>
    public string Shown(string page) => Kept(page)?.Stamp ?? Stamp(page);

    /// <summary>Whether the page may be made anew by now.</summary>
    public bool IsDue(string page) => Resting(page) is null;

    /// <summary>What the database says of the page; another text where it may have changed.</summary>
    public string Stamp(string page) => server + database.Read(queries => page == Index
        ? Hex(Encoding.UTF8.GetBytes(string.Join('\n', queries.Names().Select(name => $"{name}\n{queries.Stamp(name)}"))))
        : queries.Stamp(page));

    public void Dispose() => turn.Dispose();

    private Rendering? Kept(string page)
    {
        lock (gate)
        {
            return made.GetValueOrDefault(page);
        }
    }

    private Rendering? Resting(string page)
    {
        lock (gate)
        {
            return made.GetValueOrDefault(page) is { } last && (time.GetElapsedTime(last.Looked) < pace.Least || !allowance.IsLeft)
                ? last
                : null;
        }
    }

    private Rendering? Make(string page)
    {
        // Before the reading: what is written in between makes the page newer than its stamp, and it is looked at once more.
        var stamp = Stamp(page);
        var last = Kept(page);
        var next = last?.Stamp == stamp ? last : Render(page, stamp);
        lock (gate)
        {
            if (next is null)
                made.Remove(page);
            else
                made[page] = next = next with { Looked = time.GetTimestamp() };
        }

        return next;
    }

    private Rendering? Render(string page, string stamp)
    {
        var stoppable = page != Index && runs(page);
        var hook = new LiveHook(stamp, Route.EventsOf(page), token, stoppable ? Route.StopOf(page) : null);
        var served = page == Index
            ? ServeIndex(hook)
            : database.Read(queries => queries.Experiment(page)) is { } record ? ReportBuilder.Serve(record, hook) : null;
        if (served is null)
            return null;
        Interlocked.Increment(ref makings);
        var html = Encoding.UTF8.GetBytes(served.Html);
        return new(stamp, html, served.Policy + "; frame-ancestors 'none'", $"\"{Hex(html)}\"", 0);
    }

    /// <summary>Experiments that have not changed are not read again.</summary>
    private ServedPage ServeIndex(LiveHook hook)
    {
        var names = database.Read(queries => queries.Names());
        var tags = database.Read(queries => queries.ExperimentTags());
        foreach (var gone in entries.Keys.Except(names).ToList())
            entries.Remove(gone);
        foreach (var name in names)
        {
            var stamp = database.Read(queries => queries.Stamp(name));
            if (stamp is null || (entries.TryGetValue(name, out var known) && known.Stamp == stamp))
                continue;
            if (database.Read(queries => queries.Outline(name)) is { } record)
                entries[name] = (stamp, IndexEntry.Of(record, tags[name]));
        }

        return IndexBuilder.Serve(
            [.. names.Where(entries.ContainsKey).Select(name => entries[name].Entry)], [.. names.Where(name => !entries.ContainsKey(name))], hook);
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
}
