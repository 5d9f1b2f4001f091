using System.Text;

namespace MfRae.Lab.Cli.Serving;

/// <summary>What a request is about. The page's name is a word to look up in the database's list, and never part of a path.</summary>
/// <param name="Page">An experiment's name, or <see cref="LivePages.Index"/>.</param>
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
        [""] or ["index.html"] => new(RouteKind.Page, LivePages.Index),
        [Events] => new(RouteKind.Events, LivePages.Index),
        [var file] when file.EndsWith(Ending, StringComparison.Ordinal) => Named(RouteKind.Page, file[..^Ending.Length]),
        [Events, var name] => Named(RouteKind.Events, name),
        [Stop, var name] => Named(RouteKind.Stop, name),
        [var folder, var file] when folder.EndsWith(Images, StringComparison.Ordinal) && Decode(file) is { } image =>
            Named(RouteKind.Image, folder[..^Images.Length]) is { } page ? page with { File = image } : null,
        _ => null,
    } : null;

    public static string EventsOf(string page) => page == LivePages.Index ? "/" + Events : $"/{Events}/{Uri.EscapeDataString(page)}";

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
