using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Reporting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Net.Http.Headers;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// Answers requests. Listening on loopback does not protect from pages that are open in a browser on this machine: such a page can send
/// requests here, and a foreign host name can resolve to this address. So the Host header must name this server exactly, and requests that
/// change something must come from its own pages.
/// </summary>
/// <param name="content">Reads an image that a page links to; null if the store has lost it.</param>
/// <param name="report">Receives internal errors.</param>
internal sealed class LabSite(
    PageCache pages,
    ChangeFeed feed,
    StopAction stop,
    Func<LinkedImage, byte[]?> content,
    string token,
    int port,
    Action<Exception> report) : IHttpApplication<HttpContext>
{
    private const string InternalError = "Internal error. See the terminal for details.";

    // The results of ASP.NET ask for a logger.
    private static readonly ServiceProvider Services =
        new ServiceCollection().AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).BuildServiceProvider();

    private static readonly string[] Names = ["127.0.0.1", "localhost", "[::1]"];

    // Browsers omit port 80.
    private readonly HashSet<string> _hosts =
        [.. Names.Select(name => FormattableString.Invariant($"{name}:{port}")), .. port == 80 ? Names : []];

    private int _open;

    /// <summary>Requests in progress.</summary>
    public int Open => Volatile.Read(ref _open);

    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        Interlocked.Increment(ref _open);
        return new DefaultHttpContext(contextFeatures) { RequestServices = Services };
    }

    public void DisposeContext(HttpContext context, Exception? exception) => Interlocked.Decrement(ref _open);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        Protect(context.Response.Headers);
        try
        {
            await (await Answer(context)).ExecuteAsync(context);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            var isExpected = error is LabException or StoreLockedException;
            if (!isExpected)
                report(error);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await Text(isExpected ? 503 : 500, isExpected ? error.Message : InternalError).ExecuteAsync(context);
        }
    }

    private async Task<IResult> Answer(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        if (request.Protocol != HttpProtocol.Http11)
            return Text(505, "only HTTP/1.1 is supported");
        if (context.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
            return Text(413, "a request must not have a body");
        if (!Peer.IsTrusted(context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket))
            return Text(403, "this server belongs to another user");
        if (!_hosts.Contains(request.Headers.Host.ToString()))
            return Text(421, "unknown host name; open the address that serve printed");
        if (IsForeign(request))
            return Text(403, "requests from other sites are refused");
        // The target as it was sent: Kestrel has not decoded or normalized it.
        if (Route.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is not { } route || !pages.Has(route.Page))
            return NotFound();
        if (!route.Methods.Contains(request.Method))
        {
            headers.Allow = string.Join(", ", route.Methods);
            return Text(405, $"use {string.Join(" or ", route.Methods)}");
        }

        if (route.Kind == RouteKind.Stop)
            return Stop(request, route.Page);
        if (route.Kind == RouteKind.Events)
            return TypedResults.ServerSentEvents(feed.Follow(route.Page));
        if (await pages.Get(route.Page, context.RequestAborted) is not { } page)
            return NotFound();
        if (route.Kind == RouteKind.Image)
        {
            return page.Images.GetValueOrDefault(route.File) is { } image && await Task.Run(() => content(image)) is { } png
                ? TypedResults.Bytes(png, "image/png")
                : NotFound();
        }

        headers.ContentSecurityPolicy = page.Policy;
        return TypedResults.Bytes(page.Html, "text/html; charset=utf-8", entityTag: new EntityTagHeaderValue(page.Tag));
    }

    private IResult Stop(HttpRequest request, string page)
    {
        var given = Encoding.UTF8.GetBytes(request.Headers["X-Token"].ToString());
        if (!CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(token)))
            return Text(403, "the token is missing or wrong");
        if (request.Headers.Origin.ToString() != "http://" + request.Headers.Host)
            return Text(403, "only pages of this server may stop a run");
        var (status, text) = stop.Stop(page);
        return Text(status, text);
    }

    /// <summary>Other sites may link here, but not fetch or embed a page.</summary>
    private static bool IsForeign(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none") && !IsLink(request);

    private static bool IsLink(HttpRequest request) => request.Method != "POST"
        && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document";

    /// <summary>A page shows data of this user: caches, frames, and pages of other sites do not get it.</summary>
    private static void Protect(IHeaderDictionary headers)
    {
        // One request per connection: Kestrel counts and limits connections.
        headers.Connection = "close";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private static IResult NotFound() => Text(404, "page not found");

    private static IResult Text(int status, string text) => TypedResults.Text(text + "\n", statusCode: status);
}

/// <summary>The target of a request. Names are looked up in the database and the cached page. They never become file paths.</summary>
/// <param name="Page">Name of an experiment, or <see cref="PageCache.Index"/>.</param>
/// <param name="File">File name of an image that the page links to.</param>
internal sealed record Route(RouteKind Kind, string Page, string File = "")
{
    private const string Extension = ".html";

    public IReadOnlyList<string> Methods => Kind switch
    {
        RouteKind.Stop => ["POST"],
        RouteKind.Events => ["GET"],
        _ => ["GET", "HEAD"],
    };

    /// <summary>The route of a request target, or null if no page has such an address. Each name is percent-decoded once.</summary>
    public static Route? Of(string target) => target.Split('/') switch
    {
        ["", "" or "index.html"] => new(RouteKind.Page, PageCache.Index),
        ["", "events"] => new(RouteKind.Events, PageCache.Index),
        ["", "events", var name] => Named(RouteKind.Events, name),
        ["", "stop", var name] => Named(RouteKind.Stop, name),
        ["", var file] when file.EndsWith(Extension, StringComparison.Ordinal) => Named(RouteKind.Page, file[..^Extension.Length]),
        ["", var folder, var file] when folder.EndsWith(LinkedImage.FolderSuffix, StringComparison.Ordinal) =>
            Named(RouteKind.Image, folder[..^LinkedImage.FolderSuffix.Length], file),
        _ => null,
    };

    public static string EventsOf(string page) => page == PageCache.Index ? "/events" : "/events/" + Uri.EscapeDataString(page);

    public static string StopOf(string page) => "/stop/" + Uri.EscapeDataString(page);

    private static Route? Named(RouteKind kind, string name, string file = "") =>
        name.Length == 0 ? null : new(kind, Uri.UnescapeDataString(name), Uri.UnescapeDataString(file));
}

/// <summary>A page, an image that it links to, events about its changes, or a stop of its run.</summary>
internal enum RouteKind { Page, Image, Events, Stop }

/// <summary>
/// The user who made a loopback connection. All users of the machine can connect, but the pages and the stop button belong to the user who
/// runs the server. Linux lists the owner of each socket. On other systems only native calls tell the owner, and the user is not checked.
/// </summary>
internal static class Peer
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether the caller is this user or root, who may do everything that this user may do.</summary>
    public static bool IsTrusted(Socket socket) => !OperatingSystem.IsLinux()
        || (socket is { RemoteEndPoint: IPEndPoint theirs, LocalEndPoint: IPEndPoint ours }
            && Owner(Tables.Where(File.Exists).SelectMany(File.ReadLines), theirs.Port, ours.Port) is { } owner
            && (owner == 0 || owner == OwnId()));

    /// <summary>The user ID that owns the loopback socket at one port connected to another port, or null without such a socket.</summary>
    /// <param name="table">Lines of /proc/net/tcp: number, local and remote address:port in hexadecimal, state, …, user ID.</param>
    internal static long? Owner(IEnumerable<string> table, int port, int remotePort) => table
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(cells => cells.Length > 7 && IsLoopback(cells[1], port) && IsLoopback(cells[2], remotePort))
        .Select(cells => (long?)long.Parse(cells[7], CultureInfo.InvariantCulture))
        .FirstOrDefault();

    // 127.0.0.1, the same address mapped to IPv6, and ::1: 32-bit words, each in the byte order of the processor.
    private static bool IsLoopback(string end, int port) => end.Split(':') is [var address, var number]
        && (address is "0100007F" or "0000000000000000FFFF00000100007F" or "00000000000000000000000001000000")
        && number == port.ToString("X4", CultureInfo.InvariantCulture);

    private static long OwnId() => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2],
        CultureInfo.InvariantCulture);
}
