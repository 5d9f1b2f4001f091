using System.Text;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Checks names that become parts of paths: keys, files of stages, experiments, arms. They may come from an untrusted file. A name that
/// any system cannot use as a file name is rejected, so that no path leaves its folder on any system.
/// </summary>
public static partial class ArtifactName
{
    /// <summary>The name of the page that lists all experiments.</summary>
    public const string Index = "index";

    /// <summary>The name of the page with the runs of all experiments.</summary>
    public const string Board = "board";

    /// <summary>Compares names like the file systems of Windows and macOS: two equal names may be one file.</summary>
    public static StringComparer SameFile => StringComparer.OrdinalIgnoreCase;

    /// <summary>Whether a text is a stage key: 64 lower-case hex digits.</summary>
    public static bool IsKey(string text) => KeyPattern().IsMatch(text);

    /// <summary>The name of a stage's file: letters, digits, dot, underscore and hyphen, at most 128 of them, and no <see cref="Fault"/>.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text) && Fault(text) is null;

    /// <summary>
    /// Whether a name from any source can be the name of an experiment with files such as a page and a record. Names that any system treats
    /// as a path or a device, or drops, are rejected.
    /// </summary>
    public static bool IsExperiment(string text) =>
        ExperimentPattern().IsMatch(text) && text.Trim(' ', '.') == text && ExperimentFault(text) is null;

    /// <summary>
    /// The reason why a file or folder cannot have this name on all systems, or null. The characters of the name are checked separately.
    /// </summary>
    public static string? Fault(string name) =>
        DevicePattern().IsMatch(name) ? "Windows reserves this name for a device"
        : name.EndsWith('.') ? "it ends with a dot, which Windows drops"
        : name.EndsWith(' ') ? "it ends with a space, which Windows drops"
        : null;

    /// <summary>Like <see cref="Fault"/>, for the name of an experiment, whose page is NAME.html.</summary>
    public static string? ExperimentFault(string name) =>
        SameFile.Equals(name, Index) ? $"its page would be {Index}.html, the list of all experiments"
        : SameFile.Equals(name, Board) ? $"its page would be {Board}.html, the runs of all experiments"
        : name.StartsWith('.') ? "it begins with a dot, which hides its page"
        : Fault(name);

    /// <summary>A similar valid name.</summary>
    public static string Instead(string name) => name.Trim('.', ' ') switch
    {
        "" => "name",
        var trimmed when ExperimentFault(trimmed) is null => trimmed,
        var trimmed when trimmed.Contains('.', StringComparison.Ordinal) => trimmed.Replace('.', '-'),
        var trimmed => trimmed + "-1",
    };

    /// <summary>
    /// Whether an arm can have this name: letters, marks and digits of any script, and . _ = , + -, at most <see cref="ArmBytes"/> bytes in
    /// UTF-8, which leaves room for a seed in a file name. Control characters, direction marks, spaces and path separators are not allowed. A
    /// letter that Unicode has as one character must be that character (NFC); otherwise two names could look the same.
    /// </summary>
    public static bool IsArm(string text) =>
        ArmPattern().IsMatch(text) && !Composable().IsMatch(text) && Encoding.UTF8.GetByteCount(text) <= ArmBytes;

    /// <summary>The most bytes of an arm's name in UTF-8.</summary>
    public const int ArmBytes = 200;

    /// <summary>Whether a name has combining marks or jamo for which Unicode has composed letters.</summary>
    public static bool IsDecomposed(string text) => Composable().IsMatch(text);

    /// <summary>The key.</summary>
    /// <exception cref="ArgumentException">It is not a stage key.</exception>
    public static string Key(string key) => IsKey(key)
        ? key
        : throw new ArgumentException($"'{key}' is not a stage key, which has 64 lower-case hex digits", nameof(key));

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"\A[\p{L}\p{M}\p{N}._=,+-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex ArmPattern();

    // The program runs with invariant globalization, without the tables that could compose them.
    [GeneratedRegex(@"[\u0300-\u036F\u1100-\u11FF]", RegexOptions.CultureInvariant)]
    private static partial Regex Composable();

    [GeneratedRegex("""\A[^\p{C}/\\:*?"<>|]{1,128}\z""", RegexOptions.CultureInvariant)]
    private static partial Regex ExperimentPattern();

    [GeneratedRegex(@"\A(?!\.+\z)[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    // Windows also reserves names with superscript digits, and with an extension or spaces after the name.
    [GeneratedRegex(@"\A(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\z|\.)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DevicePattern();
}

/// <summary>Finds a key or id by its first digits.</summary>
public static class UniquePrefix
{
    private const int ShownCandidates = 5;
    private const int ShownDigits = 12;

    /// <summary>The only name with a prefix.</summary>
    /// <param name="what">The kind of the names in a word, such as stage.</param>
    /// <exception cref="LabException">No name or several names have the prefix; the message lists some of them.</exception>
    public static string Find(string prefix, IEnumerable<string> names, string what)
    {
        var found = names.Distinct().Where(name => prefix.Length > 0 && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).ToList();
        return found switch
        {
            [var one] => one,
            [] => throw new LabException($"no {what} starts with \"{PrintableText.Of(prefix)}\""),
            _ => throw new LabException(
                $"{found.Count} keys start with \"{prefix}\": {string.Join(", ", found.Take(ShownCandidates).Select(Short))}"
                    + $"{(found.Count > ShownCandidates ? ", …" : "")}; enter more digits"),
        };

        string Short(string name) => name[..Math.Min(name.Length, Math.Max(ShownDigits, prefix.Length + 1))];
    }
}
