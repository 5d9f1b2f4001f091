using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// Answers requests. That only this machine can connect is no protection: any page that a browser has open can make it ask here, and a
/// foreign name can be made to point here. So a request has to name this server, and what changes anything has to come from its pages.
/// </summary>
/// <param name="image">An image file that a page links to, by the names of page and file; null where the page has no such link.</param>
internal sealed class LabSite(
    LivePages pages,
    ChangeFeed feed,
    StopAction stopping,
    Func<string, string, byte[]?> image,
    string token,
    int port,
    ServerLimits limits,
    TimeProvider time)
{
    private readonly HashSet<string> hosts = [.. Hosts(port)];

    public async Task<HttpResponse> Answer(HttpRequest request, CancellationToken stop)
    {
        if (request.Header("host") is not { } host || !hosts.Contains(host))
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
