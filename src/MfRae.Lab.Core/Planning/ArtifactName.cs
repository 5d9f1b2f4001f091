using System.Text;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Names that become parts of paths: keys, files of stages, experiments, arms. They may come from a file that somebody else wrote.
/// A name that some system cannot use as a file name is refused, so that no path leaves its folder on any system.
/// </summary>
public static partial class ArtifactName
{
    /// <summary>The name of the page that lists all experiments.</summary>
    public const string Index = "index";

    /// <summary>Compares names as file systems of Windows and macOS do: two names that are equal here may be one file.</summary>
    public static StringComparer SameFile => StringComparer.OrdinalIgnoreCase;

    public static bool IsKey(string text) => KeyPattern().IsMatch(text);

    /// <summary>The name of a stage's file: letters, digits, dot, underscore and hyphen, at most 128 of them, and no <see cref="Fault"/>.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text) && Fault(text) is null;

    /// <summary>
    /// Whether an experiment of this name can have files of its own, whatever wrote the name: a page, a record. What some system takes for
    /// a path, a device or nothing is refused.
    /// </summary>
    public static bool IsExperiment(string text) =>
        ExperimentPattern().IsMatch(text) && text.Trim(' ', '.') == text && ExperimentFault(text) is null;

    /// <summary>
    /// Why no file or folder can have this name on every system, or null where it can. The letters that a name may have are a question
    /// of their own.
    /// </summary>
    public static string? Fault(string name) =>
        DevicePattern().IsMatch(name) ? "Windows reserves this name for a device"
        : name.EndsWith('.') ? "it ends with a dot, which Windows drops"
        : name.EndsWith(' ') ? "it ends with a space, which Windows drops"
        : null;

    /// <summary>As <see cref="Fault"/>, for the name of an experiment, whose page is NAME.html.</summary>
    public static string? ExperimentFault(string name) =>
        SameFile.Equals(name, Index) ? $"its page would be {Index}.html, the list of all experiments"
        : name.StartsWith('.') ? "it begins with a dot, which hides its page"
        : Fault(name);

    /// <summary>A similar name without fault.</summary>
    public static string Instead(string name) => name.Trim('.', ' ') switch
    {
        "" => "name",
        var trimmed when ExperimentFault(trimmed) is null => trimmed,
        var trimmed when trimmed.Contains('.', StringComparison.Ordinal) => trimmed.Replace('.', '-'),
        var trimmed => trimmed + "-1",
    };

    /// <summary>
    /// Whether an arm can have this name: letters, marks and digits of any script, and . _ = , + -, at most <see cref="ArmBytes"/> bytes in
    /// UTF-8, which leaves room for a seed in a file's name. Controls, marks that turn the direction of writing, blanks and separators of
    /// paths are none of these. A letter that Unicode has as one character must be that character (NFC), or two names could look the same.
    /// </summary>
    public static bool IsArm(string text) =>
        ArmPattern().IsMatch(text) && !Composable().IsMatch(text) && Encoding.UTF8.GetByteCount(text) <= ArmBytes;

    public const int ArmBytes = 200;

    /// <summary>Whether it has combining marks or jamo of which Unicode has the composed letters.</summary>
    public static bool IsDecomposed(string text) => Composable().IsMatch(text);

    public static string Key(string key) => IsKey(key)
        ? key
        : throw new ArgumentException($"'{key}' is no stage key: 64 lower-case hex digits are expected", nameof(key));

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"\A[\p{L}\p{M}\p{N}._=,+-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex ArmPattern();

    // The program runs without the tables that would compose them.
    [GeneratedRegex(@"[\u0300-\u036F\u1100-\u11FF]", RegexOptions.CultureInvariant)]
    private static partial Regex Composable();

    [GeneratedRegex("""\A[^\p{C}/\\:*?"<>|]{1,128}\z""", RegexOptions.CultureInvariant)]
    private static partial Regex ExperimentPattern();

    [GeneratedRegex(@"\A(?!\.+\z)[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    // The superscript digits count as digits there, and so does an extension or a space after the name.
    [GeneratedRegex(@"\A(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\z|\.)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DevicePattern();
}

/// <summary>Finds what a user means by the first digits of a key or an id.</summary>
public static class UniquePrefix
{
    private const int ShownCandidates = 5;
    private const int ShownDigits = 12;

    /// <param name="what">What the names are names of, in a word.</param>
    /// <exception cref="LabException">No name starts so, or several do; the message lists some of them.</exception>
    public static string Find(string prefix, IEnumerable<string> names, string what)
    {
        var found = names.Distinct().Where(name => prefix.Length > 0 && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).ToList();
        return found switch
        {
            [var one] => one,
            [] => throw new LabException($"no {what} starts with \"{PrintableText.Of(prefix)}\""),
            _ => throw new LabException(
                $"\"{prefix}\" begins the keys of {found.Count}: {string.Join(", ", found.Take(ShownCandidates).Select(Short))}"
                    + $"{(found.Count > ShownCandidates ? ", …" : "")}; give more digits"),
        };

        string Short(string name) => name[..Math.Min(name.Length, Math.Max(ShownDigits, prefix.Length + 1))];
    }
}
