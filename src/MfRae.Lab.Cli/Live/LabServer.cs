using System.Globalization;
using System.Security.Cryptography;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Live;

/// <summary>The live view, put together.</summary>
internal sealed class LabServer : IDisposable
{
    private readonly DatabaseView _database;
    private readonly PageCache _pages;
    private readonly ChangeFeed _feed;
    private readonly LoopbackServer _server;
    private readonly LabSite _site;

    /// <param name="port">0: a free one.</param>
    /// <param name="interrupt">See <see cref="StopAction"/>.</param>
    /// <exception cref="MfRae.Lab.Core.LabException">The database cannot be read, or the port cannot be used.</exception>
    public LabServer(
        string databaseFile,
        ArtifactStore store,
        int port,
        ServerLimits limits,
        RefreshPolicy pace,
        Func<ProcessIdentity, bool> interrupt,
        TimeProvider time)
    {
        _database = new(databaseFile, time);
        _database.Version();
        _server = LoopbackServer.Start(port, limits, time);
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var stopping = new StopAction(store, interrupt);
        _pages = new(_database, stopping.IsPossible, Token, pace, time);
        _feed = new(_pages, _database, pace, time);
        _site = new(_pages, _feed, stopping, (page, file) => Image(store, page, file), Token, _server.Port, limits, time);
    }

    public string Token { get; }

    public int Port => _server.Port;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/");

    /// <summary>Pages that were made, pages that are watched, connections that are open.</summary>
    public (int Made, int Watched, int Open) Load => (_pages.Made, _feed.Count, _server.Open);

    /// <summary>Answers until it is told to stop.</summary>
    /// <param name="complain">Receives exceptions that are bugs, and those that keep pages from being updated.</param>
    public Task Run(Action<Exception> complain, CancellationToken stop) =>
        Task.WhenAll(_server.Run(_site.Answer, complain, stop), _feed.Run(complain, stop));

    private byte[]? Image(ArtifactStore store, string page, string file) => page != PageCache.Index
        && _database.Read(queries => queries.Experiment(page)) is { } record
            ? PageImages.Of(record, "", store.Root).FirstOrDefault(image => Path.GetFileName(image.File) == file).Content
            : null;

    public void Dispose()
    {
        _server.Dispose();
        _pages.Dispose();
        _database.Dispose();
    }
}

/// <summary>Asks whoever runs an experiment to stop after a checkpoint, as a first Ctrl-C does.</summary>
/// <param name="interrupt">Sends the signal; false where the process has ended.</param>
internal sealed class StopAction(ArtifactStore store, Func<ProcessIdentity, bool> interrupt)
{
    // A second signal would kill what writes its checkpoint.
    private readonly HashSet<ProcessIdentity> _asked = [];
    private readonly Lock _gate = new();

    /// <summary>Whether a process of this host runs the experiment that was not asked to stop yet.</summary>
    public bool IsPossible(string experiment)
    {
        if (!ProcessSignal.IsPossible)
            return false;
        var owners = StageLeases.Coordinators(store, experiment);
        lock (_gate)
        {
            return owners.Any(owner => !_asked.Contains(owner));
        }
    }

    public HttpResponse Stop(string experiment)
    {
        var owners = StageLeases.Coordinators(store, experiment);
        lock (_gate)
        {
            var fresh = owners.Where(owner => !_asked.Contains(owner)).ToList();
            var sent = fresh.Where(interrupt).ToList();
            _asked.UnionWith(sent);
            return sent.Count > 0 ? HttpResponse.Text(200, $"stopping after a checkpoint: {string.Join(", ", sent)}")
                : fresh.Count < owners.Count ? HttpResponse.Text(409, "it was asked to stop before")
                : HttpResponse.Text(409, "no process of this machine runs it now");
        }
    }
}
