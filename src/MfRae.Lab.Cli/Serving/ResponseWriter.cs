using System.Globalization;
using System.Text;

namespace MfRae.Lab.Cli.Serving;

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
