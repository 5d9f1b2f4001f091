using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// The web view: Kestrel on the loopback addresses. It runs without a host: no configuration file or environment variable changes it, and
/// it logs nothing.
/// </summary>
internal sealed class LabServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly DatabaseView _database;
    private readonly PageCache _pages;
    private readonly KestrelServer _server;
    private readonly LabSite _site;
    private readonly TimeProvider _time;

    /// <summary>Opens the database and starts to answer requests.</summary>
    /// <param name="port">0 chooses a free port.</param>
    /// <param name="interrupt">See <see cref="StopAction"/>.</param>
    /// <param name="report">Receives internal errors, and errors that keep pages from being updated.</param>
    /// <param name="limit">Changes the limits of requests and connections.</param>
    /// <exception cref="LabException">The database cannot be read, or the port cannot be used.</exception>
    public LabServer(
        string databaseFile,
        ArtifactStore store,
        int port,
        RefreshPolicy policy,
        Func<ProcessIdentity, bool> interrupt,
        Action<Exception> report,
        TimeProvider time,
        Action<KestrelServerLimits>? limit = null)
    {
        _time = time;
        _database = new(databaseFile, time);
        _database.Version();
        var stop = new StopAction(store, interrupt);
        _pages = new(_database, stop.IsPossible, Token, policy, time);
        var feed = new ChangeFeed(_pages, new LiveProgress(_database, store, time).Of, policy, report, time);
        for (var attempt = 1; ; attempt++)
        {
            Port = port == 0 ? FreePort() : port;
            _site = new(_pages, feed, stop, image => PageImages.Content(image, store.Root), Token, Port, report);
            try
            {
                _server = Start(Port, _site, limit);
                return;
            }
            // A port that is free on 127.0.0.1 can be in use on ::1.
            catch (IOException) when (port == 0 && attempt < 20)
            {
            }
            catch (IOException error)
            {
                var why = error.InnerException is AddressInUseException ? "is in use" : "may not be used by this user";
                throw new LabException($"port {port} {why} on this machine; name another with --port, or 0 for a free one", error);
            }
        }
    }

    public string Token { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/");

    /// <summary>Number of pages made so far, and of requests in progress.</summary>
    public (int Made, int Open) Load => (_pages.Made, _site.Open);

    /// <summary>Waits until the server is stopped, then closes all connections.</summary>
    public async Task Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _database.CloseIfIdle();
        }

        await _server.StopAsync(new CancellationToken(canceled: true));
    }

    public void Dispose()
    {
        _server.Dispose();
        _pages.Dispose();
        _database.Dispose();
    }

    /// <summary>Listens on 127.0.0.1, and on ::1 where the machine has IPv6.</summary>
    private static KestrelServer Start(int port, LabSite site, Action<KestrelServerLimits>? limit)
    {
        // A line of a request ends with CRLF: Kestrel accepts LF alone by default.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            Limits =
            {
                MaxConcurrentConnections = 256,
                MaxRequestBodySize = 0,
                KeepAliveTimeout = Patience,
                RequestHeadersTimeout = Patience,
                MinResponseDataRate = new(bytesPerSecond: 4096, gracePeriod: 2 * Patience),
            },
        };
        limit?.Invoke(options.Limits);
        options.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        server.StartAsync(site, CancellationToken.None).GetAwaiter().GetResult();
        return server;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

/// <summary>Asks the coordinator of an experiment to stop after a checkpoint, as a first Ctrl-C does.</summary>
/// <param name="interrupt">Sends the signal; false if the process has ended.</param>
internal sealed class StopAction(ArtifactStore store, Func<ProcessIdentity, bool> interrupt)
{
    // A second signal would kill the process while it writes its checkpoint.
    private readonly HashSet<ProcessIdentity> _asked = [];
    private readonly Lock _gate = new();

    /// <summary>Whether a process on this host runs the experiment and was not asked to stop yet.</summary>
    public bool IsPossible(string experiment)
    {
        if (!ProcessSignal.IsPossible)
            return false;
        var owners = StageLeases.Coordinators(store, experiment);
        lock (_gate)
            return owners.Any(owner => !_asked.Contains(owner));
    }

    /// <summary>Sends the signal and returns the HTTP status and the text for the viewer.</summary>
    public (int Status, string Text) Stop(string experiment)
    {
        var owners = StageLeases.Coordinators(store, experiment);
        lock (_gate)
        {
            var waiting = owners.Where(owner => !_asked.Contains(owner)).ToList();
            var sent = waiting.Where(interrupt).ToList();
            _asked.UnionWith(sent);
            return sent.Count > 0 ? (200, $"stopping after the next checkpoint: {string.Join(", ", sent)}")
                : waiting.Count < owners.Count ? (409, "already asked to stop")
                : (409, "no process on this machine is running this experiment");
        }
    }
}
