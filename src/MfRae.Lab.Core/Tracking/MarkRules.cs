using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Tracking;

/// <summary>What may be a tag or a note, wherever it comes from.</summary>
public static partial class MarkRules
{
    /// <summary>Characters. More belongs into a file.</summary>
    public const int LongestNote = 100_000;

    /// <summary>1 to 64 letters, digits and . _ -</summary>
    public static bool IsTag(string text) => Word().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Word();
}
