using System.Security.Cryptography;
using System.Text;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>
/// A self-contained page. Its style and scripts are inline, and its content security policy allows these by their hashes, data: images,
/// and nothing else.
/// </summary>
/// <param name="ExtraStyle">Style rules in addition to the common ones.</param>
/// <param name="ExtraScripts">Names of script files in addition to the common ones; null: none.</param>
internal sealed record Page(
    string Eyebrow, string Title, string Footer, IReadOnlyList<PageSection> Sections, string ExtraStyle = "", IReadOnlyList<string>? ExtraScripts = null)
{
    /// <summary>The files of the page's one script. The first declares helpers that the others use.</summary>
    private static readonly string[] Scripts = ["page", "tables", "charts", "sheets", "browser", "index"];

    public string Render() => Render(null).Html;

    /// <summary>Renders the page with a script that updates it when the database changes.</summary>
    public ServedPage Serve(LiveHook hook) => Render(hook);

    private ServedPage Render(LiveHook? hook)
    {
        var style = Templates.Text("Assets/report.css") + ExtraStyle;
        var script = string.Concat(Scripts.Concat(ExtraScripts ?? []).Select(name => Templates.Text($"Assets/{name}.js")));
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

/// <summary>The script of served pages. It precedes the page's own script, which it runs again after it has replaced the content.</summary>
internal static class LiveScript
{
    public static string Text => Templates.Text("Assets/live.js");

    /// <summary>The text with which the page's script runs again: in a block, so that it can declare the same names.</summary>
    public static string Again(string script) => "{" + script + "}";
}
