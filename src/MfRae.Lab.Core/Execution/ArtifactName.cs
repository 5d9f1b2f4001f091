using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// Keys and file names become paths, and both may come from a file that somebody else wrote: what is not a plain name
/// is refused, so that no path leaves its folder on any system.
/// </summary>
public static partial class ArtifactName
{
    public static bool IsKey(string text) => KeyPattern().IsMatch(text);

    /// <summary>Letters, digits, dot, underscore and hyphen, at most 128 of them, and not only dots.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text);

    /// <summary>
    /// Whether an experiment of this name can have files of its own, whatever wrote the name: a page, a record. What some system takes for
    /// a path, a device or nothing is refused.
    /// </summary>
    public static bool IsExperiment(string text) => ExperimentPattern().IsMatch(text) && text.Trim(' ', '.') == text;

    internal static string Key(string key) => IsKey(key)
        ? key
        : throw new ArgumentException($"'{key}' is no stage key: 64 lower-case hex digits are expected", nameof(key));

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();

    [GeneratedRegex("""\A[^\p{C}/\\:*?"<>|]{1,128}\z""", RegexOptions.CultureInvariant)]
    private static partial Regex ExperimentPattern();

    [GeneratedRegex(@"\A(?!\.+\z)[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
