using System.Text.RegularExpressions;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>What a page declares to tell of how the work went.</summary>
internal static partial class Timing
{
    public static string Without(string html) => Marked().Replace(html, "");

    [GeneratedRegex(@"<(\w+)\b[^<>]* data-timing[^<>]*>.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Marked();
}
