using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace MfRae.Lab.Cli.Tests.Hostile;

/// <summary>A page as a parser that had no part in making it understands it.</summary>
internal sealed partial class HostilePage
{
    private readonly string _source;
    private readonly IDocument _document;

    public HostilePage(byte[] bytes)
    {
        // Throws where half a pair of surrogates was written.
        _source = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        _document = new HtmlParser().ParseDocument(_source);
    }

    public string Text => _document.Body!.TextContent;

    /// <summary>Every kind of element with every attribute that one of it has.</summary>
    public IEnumerable<string> Shapes => _document.All
        .SelectMany(element => element.Attributes.Select(attribute => $"{element.LocalName} {attribute.Name}").Append(element.LocalName))
        .Distinct();

    public IReadOnlyList<string> Scripts =>
        [.. _document.Scripts.Where(script => string.IsNullOrEmpty(script.Type)).Select(script => script.TextContent)];

    /// <summary>Attributes with an effect: their addresses are neither fragments of this page, nor images in it or in its folder, nor other pages.</summary>
    public IEnumerable<string> Deeds => _document.All.SelectMany(element => element.Attributes)
        .Where(attribute => attribute.Name.StartsWith("on", StringComparison.Ordinal) || attribute.Name is "style"
            || (attribute.Name is "src" or "href" && !attribute.Value.StartsWith("data:image/png;base64,", StringComparison.Ordinal)
                && !attribute.Value.StartsWith('#') && !PageLink().IsMatch(attribute.Value)))
        .Select(attribute => $"{attribute.Name}={attribute.Value}");

    /// <summary>Elements that are drawn without a position.</summary>
    public IEnumerable<string> Nowhere => _document.All.SelectMany(element => element.Attributes)
        .Where(attribute => attribute.Name is "d" or "x" or "y" or "cx" or "cy" or "r" or "width" or "height" or "viewBox")
        .Where(attribute => !Drawn().IsMatch(attribute.Value))
        .Select(attribute => $"{attribute.Name}={attribute.Value}");

    public IEnumerable<char> Unseen => _source.Where(letter => (char.IsControl(letter) && letter is not ('\n' or '\t'))
        || letter is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069');

    /// <summary>The numbers of an arm in the tables of results, in the order of the page.</summary>
    public IReadOnlyList<string> Numbers(string css) =>
        [.. _document.QuerySelectorAll($".results tbody.{css} td[data-v]").Select(cell => cell.GetAttribute("data-v")!)];

    /// <summary>The verdict about the arm at a position.</summary>
    public string Verdict(int arm) => _document.QuerySelectorAll(".verdicts li")[arm].TextContent;

    public void DataCanBeRead()
    {
        foreach (var script in _document.QuerySelectorAll("script[type='application/json']"))
            using (JsonDocument.Parse(script.TextContent)) { }
    }

    [GeneratedRegex(@"\A[-+0-9.eE ,MLHVCAZmlhvcaz]*\z")]
    private static partial Regex Drawn();

    [GeneratedRegex(@"\A([A-Za-z0-9._~%-]+\.html|[A-Za-z0-9._~%-]+\.images/[0-9a-f]{16}(\.full)?\.png)\z")]
    private static partial Regex PageLink();
}
