using System.Text;

namespace MfRae.Lab.Cli.Serving;

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
