using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// Takes requests from programs of this machine, one for each connection. No thread waits for a viewer. It stands on the base class
/// library: Kestrel would ask every machine for ASP.NET, workers included, and HttpListener takes no free port, puts a request's path in
/// order before anyone sees it, and has no limits for slow clients outside Windows.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly IReadOnlyList<TcpListener> _listeners;
    private readonly ServerLimits _limits;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _places;
    private int _open;

    private LoopbackServer(IReadOnlyList<TcpListener> listeners, ServerLimits limits, TimeProvider time)
    {
        this._listeners = listeners;
        this._limits = limits;
        this._time = time;
        _places = new(limits.Connections);
    }

    public int Port => PortOf(_listeners[0]);

    /// <summary>Connections that are being answered.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Listens at 127.0.0.1, and at ::1 where the machine has it.</summary>
    /// <param name="port">0: a free one.</param>
    /// <exception cref="LabException">The port is in use, or may not be used.</exception>
    public static LoopbackServer Start(int port, ServerLimits limits, TimeProvider time)
    {
        // A port that is free in the one family may be in use in the other.
        for (var attempt = 1; ; attempt++)
        {
            var first = Listen(IPAddress.Loopback, port);
            try
            {
                return new([first, .. Socket.OSSupportsIPv6 ? Second(PortOf(first)) : []], limits, time);
            }
            catch (LabException) when (port == 0 && attempt < 20)
            {
                first.Dispose();
            }
            catch
            {
                first.Dispose();
                throw;
            }
        }
    }

    /// <summary>Answers until it is told to stop, and then lets go of every viewer.</summary>
    /// <param name="answer">May be asked for many requests at once.</param>
    /// <param name="complain">Told of an exception that is a bug; the others are answered nevertheless.</param>
    public Task Run(Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer, Action<Exception> complain, CancellationToken stop) =>
        Task.WhenAll(_listeners.Select(listener => Accept(listener, answer, complain, stop)));

    public void Dispose()
    {
        foreach (var listener in _listeners)
            listener.Dispose();
        _places.Dispose();
    }

    private async Task Accept(
        TcpListener listener,
        Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer,
        Action<Exception> complain,
        CancellationToken stop)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(stop);
                running.RemoveAll(task => task.IsCompleted);
                if (_places.Wait(0, CancellationToken.None))
                    running.Add(new Connection(client, _limits, _time).Serve(answer, complain, Count, stop));
                else
                    client.Dispose();
            }
            catch (SocketException) when (!stop.IsCancellationRequested)
            {
                // The other side was gone before it was taken, or there are too many open files: the next may do better.
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        listener.Stop();
        await Task.WhenAll(running);
    }

    private void Count(int change)
    {
        Interlocked.Add(ref _open, change);
        if (change < 0)
            _places.Release();
    }

    private static IReadOnlyList<TcpListener> Second(int port)
    {
        try
        {
            return [Listen(IPAddress.IPv6Loopback, port)];
        }
        catch (SocketException)
        {
            // The system knows IPv6 and has switched it off.
            return [];
        }
    }

    private static TcpListener Listen(IPAddress address, int port)
    {
        var listener = new TcpListener(address, port);
        try
        {
            if (OperatingSystem.IsWindows())
                listener.ExclusiveAddressUse = true;
            listener.Start(128);
            return listener;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            listener.Dispose();
            var why = error.SocketErrorCode == SocketError.AccessDenied ? "may not be used by this user" : "is in use";
            throw new LabException($"port {port} {why} on this machine; name another with --port, or 0 for a free one", error);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}

/// <summary>One request and its answer.</summary>
internal sealed class Connection(TcpClient client, ServerLimits limits, TimeProvider time)
{
    /// <param name="count">Told 1 at the beginning and -1 at the end.</param>
    public async Task Serve(
        Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer,
        Action<Exception> complain,
        Action<int> count,
        CancellationToken stop)
    {
        count(1);
        try
        {
            client.NoDelay = true;
            using var stream = client.GetStream();
            var (request, response) = await Receive(stream, answer, complain, stop);
            if (response is null)
                return;
            await new ResponseWriter(stream, limits.Piece, time).Write(response, request?.Method != "HEAD", stop);
            await Leave(stream, stop);
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The viewer went away, was too slow, or the server ends: there is nobody to tell.
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            // The database is gone while a viewer waits for changes: it asks again, and is told.
        }
        catch (Exception error)
        {
            complain(error);
        }
        finally
        {
            client.Dispose();
            count(-1);
        }
    }

    private async Task<(HttpRequest? Request, HttpResponse? Response)> Receive(
        Stream stream, Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer, Action<Exception> complain, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(limits.Head);
        HttpRequest? request;
        int status;
        try
        {
            (request, status) = await RequestReader.Read(stream, limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            (request, status) = (null, 408);
        }

        if (request is null)
            return (null, status == 0 ? null : HttpResponse.Text(status, HttpResponse.Phrase(status)));
        if (!Peer.IsTrusted(client.Client))
            return (request, HttpResponse.Text(403, "this server is another user's"));
        try
        {
            return (request, await answer(request, stop));
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return (request, HttpResponse.Text(503, error.Message));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            complain(error);
            return (request, HttpResponse.Text(500, "this is a mistake of the program; its terminal says more"));
        }
    }

    /// <summary>Closing while the other side still sends would take the answer back from it.</summary>
    private async Task Leave(Stream stream, CancellationToken stop)
    {
        client.Client.Shutdown(SocketShutdown.Send);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        var rest = new byte[4096];
        for (var read = 0; read < RequestReader.LongestHead;)
        {
            var count = await stream.ReadAsync(rest, limit.Token);
            if (count == 0)
                return;
            read += count;
        }
    }
}

/// <summary>
/// Reads a request: the part of HTTP/1.1 (RFC 9112) that browsers use for pages. What is not exactly that is refused, so that there is
/// one way to understand it.
/// </summary>
internal static class RequestReader
{
    /// <summary>Of first line and headers; browsers send the cookies of all servers of the host.</summary>
    public const int LongestHead = 32 * 1024;

    /// <returns>A request, or the status that refuses it; 0 where the other side left before it had sent one.</returns>
    public static async Task<(HttpRequest? Request, int Status)> Read(Stream stream, CancellationToken stop)
    {
        var buffer = new byte[LongestHead];
        for (var filled = 0; ;)
        {
            var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                // One character a byte: nothing is lost, and nothing is taken together.
                return Parse(Encoding.Latin1.GetString(buffer, 0, end));
            if (filled == buffer.Length)
                return (null, 431);
            var count = await stream.ReadAsync(buffer.AsMemory(filled), stop);
            if (count == 0)
                return (null, 0);
            filled += count;
        }
    }

    internal static (HttpRequest? Request, int Status) Parse(string head)
    {
        var lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not [var method, var target, var version] || method.Length == 0 || !method.All(IsTokenPart)
            || target.Length == 0 || head.Replace("\r\n", "").AsSpan().ContainsAny('\r', '\n'))
            return (null, 400);
        if (version != "HTTP/1.1")
            return (null, version.StartsWith("HTTP/", StringComparison.Ordinal) ? 505 : 400);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':');
            var value = line[(colon + 1)..].Trim(' ', '\t');
            if (colon <= 0 || !line[..colon].All(IsTokenPart) || value.Any(character => character is < ' ' and not '\t' or '\x7f')
                || !headers.TryAdd(line[..colon].ToLowerInvariant(), value))
                return (null, 400);
        }

        if (headers.ContainsKey("transfer-encoding"))
            return (null, 400);
        if (headers.TryGetValue("content-length", out var length) && length != "0")
            return (null, length.Length > 0 && length.All(char.IsAsciiDigit) ? 413 : 400);
        return (new(method, target, headers), 200);
    }

    private static bool IsTokenPart(char character) => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character);
}

/// <summary>A request without body.</summary>
/// <param name="Target">As it was sent: nothing in it has been decoded or put in order.</param>
/// <param name="Headers">By name in lower case; each occurs once.</param>
internal sealed record HttpRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>Writes answers, piece by piece: a viewer may be slow, but has to take each piece in time.</summary>
internal sealed class ResponseWriter(Stream stream, TimeSpan patience, TimeProvider time)
{
    private const int Piece = 64 * 1024;

    // A page is data of this machine's user: it stays out of caches, frames, and the pages of others.
    private static readonly (string Name, string Value)[] Always =
    [
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Connection", "close"),
    ];

    /// <exception cref="IOException">The other side is gone.</exception>
    /// <exception cref="OperationCanceledException">It takes nothing for too long, or the server ends.</exception>
    public async Task Write(HttpResponse response, bool withBody, CancellationToken stop)
    {
        await Send(Encoding.Latin1.GetBytes(Head(response)), stop);
        if (!withBody)
            return;
        for (var body = response.Body; body.Length > 0; body = body[Math.Min(Piece, body.Length)..])
            await Send(body[..Math.Min(Piece, body.Length)], stop);
        if (response.Follow is { } follow)
            await follow(stream, stop);
    }

    private string Head(HttpResponse response)
    {
        var head = new StringBuilder($"HTTP/1.1 {response.Status} {HttpResponse.Phrase(response.Status)}\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Date: {time.GetUtcNow():R}\r\n");
        if (response.Status != 304)
            head.Append($"Content-Type: {response.ContentType}\r\n");
        if (response.Follow is null && response.Status != 304)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {response.Body.Length}\r\n");
        foreach (var (name, value) in Always.Concat(response.Headers))
            head.Append($"{name}: {value}\r\n");
        if (!response.Headers.Any(header => header.Name == HttpResponse.Policy))
            head.Append($"{HttpResponse.Policy}: default-src 'none'; frame-ancestors 'none'\r\n");
        return head.Append("\r\n").ToString();
    }

    private async Task Send(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        await stream.WriteAsync(bytes, limit.Token);
    }
}

/// <summary>An answer. After it the connection closes.</summary>
/// <param name="Headers">Beside those that every answer has.</param>
internal sealed record HttpResponse(int Status, string ContentType, ReadOnlyMemory<byte> Body, params (string Name, string Value)[] Headers)
{
    public const string Policy = "Content-Security-Policy";

    /// <summary>What is written after the headers for as long as the viewer stays, in place of a body.</summary>
    public Func<Stream, CancellationToken, Task>? Follow { get; init; }

    public static HttpResponse Text(int status, string text, params (string Name, string Value)[] headers) =>
        new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text + "\n"), headers);

    public static HttpResponse NotFound() => Text(404, "there is no such page");

    public static string Phrase(int status) => status switch
    {
        200 => "OK",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => throw new InvalidOperationException($"no phrase for status {status}"),
    };
}

/// <summary>
/// Server-sent events: the stamp of what there is to see, at once and after each change; `stale` with the reason when changes can no longer be
/// seen, and `fresh` when they can again.
/// </summary>
internal static class EventStream
{
    /// <summary>Returns when the viewer is gone. The watch ends with it.</summary>
    public static async Task Write(Stream stream, PageSubscription watch, ServerLimits limits, TimeProvider time, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using (watch)
        {
            // Nothing more is expected of the viewer: whatever arrives, its end above all, ends this.
            var gone = stream.ReadAsync(new byte[1], ending.Token).AsTask();
            try
            {
                string? told = null;
                string? warned = null;
                await Send("retry: 2000\n\n");
                while (!gone.IsCompleted)
                {
                    var (stamp, trouble, next) = watch.Now;
                    if (trouble != warned)
                        await Send(trouble is null ? "event: fresh\ndata: live\n\n" : $"event: stale\ndata: {trouble}\n\n");
                    warned = trouble;
                    await Send(stamp == told ? ":\n\n" : $"data: {stamp}\n\n");
                    told = stamp;
                    using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    await Task.WhenAny(next, gone, Task.Delay(limits.Heartbeat, time, waiting.Token));
                    await waiting.CancelAsync();
                    stop.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                await ending.CancelAsync();
                await gone.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        async Task Send(string text)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(limits.Piece);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
        }
    }
}

/// <summary>What one viewer, or many, may take of the machine.</summary>
/// <param name="Connections">At once; further ones are closed unanswered.</param>
/// <param name="Head">For sending the request.</param>
/// <param name="Piece">For taking each piece of an answer.</param>
/// <param name="Heartbeat">Between two signs of life to a page that waits for changes: so a viewer that is gone is noticed.</param>
internal sealed record ServerLimits(int Connections, TimeSpan Head, TimeSpan Piece, TimeSpan Heartbeat)
{
    public static ServerLimits Default { get; } =
        new(256, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(15));
}
