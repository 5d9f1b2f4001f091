using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// Answers requests. That only this machine can connect is no protection: any page that a browser has open can make it ask here, and a
/// foreign name can be made to point here. So a request has to name this server, and what changes anything has to come from its pages.
/// </summary>
/// <param name="image">An image file that a page links to, by the names of page and file; null where the page has no such link.</param>
internal sealed class LabSite(
    PageCache pages,
    ChangeFeed feed,
    StopAction stopping,
    Func<string, string, byte[]?> image,
    string token,
    int port,
    ServerLimits limits,
    TimeProvider time)
{
    private readonly HashSet<string> _hosts = [.. Hosts(port)];

    public async Task<HttpResponse> Answer(HttpRequest request, CancellationToken stop)
    {
        if (request.Header("host") is not { } host || !_hosts.Contains(host))
            return HttpResponse.Text(421, "this server has no such name");
        if (request.Method is not ("GET" or "HEAD" or "POST"))
            return HttpResponse.Text(405, "GET and HEAD are understood, and POST where something is to be done", ("Allow", "GET, HEAD"));
        if (IsForeign(request))
            return HttpResponse.Text(403, "pages of other servers get nothing from this one");
        if (Route.Of(request.Target) is not { } route || !pages.Has(route.Page))
            return HttpResponse.NotFound();
        return (route.Kind, request.Method) switch
        {
            (RouteKind.Stop, "POST") => Stop(request, host, route.Page),
            (RouteKind.Stop, _) => HttpResponse.Text(405, "this takes POST", ("Allow", "POST")),
            (_, "POST") => HttpResponse.Text(405, "this takes GET and HEAD", ("Allow", "GET, HEAD")),
            (RouteKind.Events, "GET") => Events(route.Page),
            (RouteKind.Image, _) => await Task.Run(() => image(route.Page, route.File), stop) is { } png
                ? new(200, "image/png", png)
                : HttpResponse.NotFound(),
            (RouteKind.Events, _) => HttpResponse.Text(405, "this takes GET", ("Allow", "GET")),
            _ => await Page(request, route.Page, stop),
        };
    }

    private async Task<HttpResponse> Page(HttpRequest request, string page, CancellationToken stop)
    {
        if (await pages.Get(page, stop) is not { } made)
            return HttpResponse.NotFound();
        (string, string)[] headers = [("ETag", made.Tag), (HttpResponse.Policy, made.Policy)];
        return request.Header("if-none-match") == made.Tag
            ? new(304, "", default, headers)
            : new(200, "text/html; charset=utf-8", made.Html, headers);
    }

    private HttpResponse Events(string page) => new(200, "text/event-stream", default)
    {
        Follow = (stream, stop) => EventStream.Write(stream, feed.Join(page), limits, time, stop),
    };

    private HttpResponse Stop(HttpRequest request, string host, string page)
    {
        var given = Encoding.UTF8.GetBytes(request.Header("x-token") ?? "");
        return !CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(token))
                ? HttpResponse.Text(403, "the token is missing or wrong")
            : request.Header("origin") != "http://" + host ? HttpResponse.Text(403, "only this server's own pages may do this")
            : stopping.Stop(page);
    }

    /// <summary>Following a link from elsewhere is allowed; being fetched or embedded by another page is not.</summary>
    private static bool IsForeign(HttpRequest request) =>
        request.Header("sec-fetch-site") is { } site && site is not ("same-origin" or "none") && !IsLink(request);

    private static bool IsLink(HttpRequest request) =>
        request.Method != "POST" && request.Header("sec-fetch-mode") == "navigate" && request.Header("sec-fetch-dest") == "document";

    private static IEnumerable<string> Hosts(int port)
    {
        string[] names = ["127.0.0.1", "localhost", "[::1]"];
        // Browsers leave the port away where it is HTTP's own.
        return names.Select(name => string.Create(CultureInfo.InvariantCulture, $"{name}:{port}")).Concat(port == 80 ? names : []);
    }
}

/// <summary>What a request is about. The page's name is a word to look up in the database's list, and never part of a path.</summary>
/// <param name="Page">An experiment's name, or <see cref="PageCache.Index"/>.</param>
/// <param name="File">The file name of an image that the page links to; compared with the names of those images, and never part of a path.</param>
internal sealed record Route(RouteKind Kind, string Page, string File = "")
{
    private const string Ending = ".html";
    private const string Images = ".images";
    private const string Events = "events";
    private const string Stop = "stop";

    /// <summary>Null where no page has such an address.</summary>
    public static Route? Of(string target) => target is ['/', .. var path] ? path.Split('/') switch
    {
        [""] or ["index.html"] => new(RouteKind.Page, PageCache.Index),
        [Events] => new(RouteKind.Events, PageCache.Index),
        [var file] when file.EndsWith(Ending, StringComparison.Ordinal) => Named(RouteKind.Page, file[..^Ending.Length]),
        [Events, var name] => Named(RouteKind.Events, name),
        [Stop, var name] => Named(RouteKind.Stop, name),
        [var folder, var file] when folder.EndsWith(Images, StringComparison.Ordinal) && Decode(file) is { } image =>
            Named(RouteKind.Image, folder[..^Images.Length]) is { } page ? page with { File = image } : null,
        _ => null,
    } : null;

    public static string EventsOf(string page) => page == PageCache.Index ? "/" + Events : $"/{Events}/{Uri.EscapeDataString(page)}";

    public static string StopOf(string page) => $"/{Stop}/{Uri.EscapeDataString(page)}";

    private static Route? Named(RouteKind kind, string text) => Decode(text) is { Length: > 0 } name ? new(kind, name) : null;

    /// <summary>Takes %XX once, and only as UTF-8 is written; null where the text is no part of a path.</summary>
    private static string? Decode(string text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.Add(Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else if (char.IsAsciiLetterOrDigit(text[i]) || "-._~!$&'()*+,;=:@".Contains(text[i]))
            {
                bytes.Add((byte)text[i]);
            }
            else
            {
                return null;
            }
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>What a request asks for: a page, an image that the page links to, events about its changes, or a stop of its run.</summary>
internal enum RouteKind
{
    Page,
    Image,
    Events,
    Stop,
}

/// <summary>
/// Who is at the other end of a connection within this machine. Other users of it can connect as well, and the pages and the button are
/// this user's. Linux tells the owner of each socket; elsewhere nobody does without a call into the system's own libraries.
/// </summary>
internal static class Peer
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether the caller is this user or the system's administrator, who may do all that this user may.</summary>
    public static bool IsTrusted(Socket socket) => !OperatingSystem.IsLinux()
        || (socket is { RemoteEndPoint: IPEndPoint theirs, LocalEndPoint: IPEndPoint ours }
            && Owner(Tables.Where(File.Exists).SelectMany(File.ReadLines), theirs.Port, ours.Port) is { } owner
            && (owner == 0 || owner == Self()));

    /// <summary>The number of the user who owns the socket at a port of loopback that is connected to another; null where there is none.</summary>
    /// <param name="table">Lines as of /proc/net/tcp: number, local and remote address:port in hexadecimal, state, …, user.</param>
    internal static long? Owner(IEnumerable<string> table, int port, int to)
    {
        foreach (var line in table)
        {
            var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (cells.Length > 7 && IsLoopback(cells[1], port) && IsLoopback(cells[2], to))
                return long.Parse(cells[7], CultureInfo.InvariantCulture);
        }

        return null;
    }

    // 127.0.0.1, the same in IPv6's form, and ::1: words of 32 bits, each in the processor's order.
    private static bool IsLoopback(string end, int port) => end.Split(':') is [var address, var number]
        && (address is "0100007F" or "0000000000000000FFFF00000100007F" or "00000000000000000000000001000000")
        && number == port.ToString("X4", CultureInfo.InvariantCulture);

    private static long Self() => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2],
        CultureInfo.InvariantCulture);
}
