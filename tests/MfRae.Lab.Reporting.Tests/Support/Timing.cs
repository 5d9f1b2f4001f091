using System.Text.RegularExpressions;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>Elements that a page marks as dependent on how the work ran.</summary>
internal static partial class Timing
{
    public static string Without(string html) => Marked().Replace(html, "");

    [GeneratedRegex(@"<(\w+)\b[^<>]* data-timing[^<>]*>.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Marked();
}
