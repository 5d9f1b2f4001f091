using System.Text;

namespace MfRae.Lab.Cli.Serving;

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
