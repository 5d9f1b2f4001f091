using System.Security.Cryptography;
using System.Text;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>
/// A self-contained page: its style and script are inline and named by hash in a policy that allows nothing else but data:
/// images.
/// </summary>
/// <param name="ExtraStyle">Style rules beside the common ones.</param>
internal sealed record Page(string Eyebrow, string Title, string Footer, IReadOnlyList<PageSection> Sections, string ExtraStyle = "")
{
    /// <summary>One script in the page; what the first declares, the others use.</summary>
    private static readonly string[] Scripts = ["page", "tables", "charts", "sheets", "index"];

    public string Render() => Render(null).Html;

    /// <summary>The same page, which follows the database.</summary>
    public ServedPage Serve(LiveHook hook) => Render(hook);

    private ServedPage Render(LiveHook? hook)
    {
        var style = Templates.Text("Assets/report.css") + ExtraStyle;
        var script = string.Concat(Scripts.Select(name => Templates.Text($"Assets/{name}.js")));
        var scripts = hook is null ? [script] : new[] { script, LiveScript.Text, LiveScript.Again(script) };
        var policy = $"default-src 'none'; img-src data:; style-src {Hashes(style)}; script-src {Hashes(scripts)}; base-uri 'none'; "
            + "form-action 'none'" + (hook is null ? "" : "; connect-src 'self'");
        var html = Templates.Render("Sections/page.sbn-html", new
        {
            Policy = policy,
            Eyebrow,
            Title,
            Footer,
            Sections,
            Style = Html.Trusted(style),
            Live = hook,
            LiveScript = Html.Trusted(hook is null ? "" : LiveScript.Text),
            Script = Html.Trusted(script),
        }).ToString();
        return new(html, policy);
    }

    private static string Hashes(params string[] texts) => string.Join(' ', texts.Select(text => $"'{Hash(text)}'"));

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>A rendered section.</summary>
internal sealed record PageSection(string Id, string Title, Html Content);

/// <summary>The script of served pages. It stands before the page's own, which it runs again over content that it put in place.</summary>
internal static class LiveScript
{
    public static string Text => Templates.Text("Assets/live.js");

    /// <summary>The page's script as it is run again: in a block, so that it may declare the same names.</summary>
    public static string Again(string script) => "{" + script + "}";
}
