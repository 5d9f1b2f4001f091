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

    public string Render()
    {
        var style = Templates.Text("Assets/report.css") + ExtraStyle;
        var script = string.Concat(Scripts.Select(name => Templates.Text($"Assets/{name}.js")));
        var policy = $"default-src 'none'; img-src data:; style-src '{Hash(style)}'; script-src '{Hash(script)}'; base-uri 'none'; "
            + "form-action 'none'";
        return Templates.Render("Sections/page.sbn-html", new
        {
            Policy = policy,
            Eyebrow,
            Title,
            Footer,
            Sections,
            Style = Html.Trusted(style),
            Script = Html.Trusted(script),
        }).ToString();
    }

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
