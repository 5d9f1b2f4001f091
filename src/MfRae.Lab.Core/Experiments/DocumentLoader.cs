using System.Text;
using System.Text.Unicode;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads an experiment file and the files it extends, and merges them, the extended ones underneath.</summary>
internal sealed class DocumentLoader(Diagnostics mistakes, OptionChecker checker, string workingDirectory)
{
    private readonly OptionType _fileType = OptionTypes.ExperimentFile();
    private readonly List<WrittenFile> _files = [];
    private readonly List<LocatedScalar> _bareWords = [];

    /// <summary>False once a file was broken or absent: then it cannot be said what is missing.</summary>
    public bool Whole { get; private set; } = true;

    /// <summary>What was read, each file before the one that it extends.</summary>
    public IReadOnlyList<WrittenFile> Files => _files;

    /// <summary>Words in all of them that are not JSON, see <see cref="LocatedParser.BareWords"/>.</summary>
    public IReadOnlyList<LocatedScalar> BareWords => _bareWords;

    /// <summary>How messages name a file.</summary>
    public string NameOf(string fullPath)
    {
        string relative = Path.GetRelativePath(workingDirectory, fullPath).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? fullPath : relative;
    }

    /// <summary>The merged tree, or null where there is none to speak of.</summary>
    public LocatedObject? Load(string fullPath) => Load(fullPath, new Location(null, 0, NameOf(fullPath)), []);

    /// <param name="namedAt">Where the file is named.</param>
    /// <param name="above">The files that led here by `extends`.</param>
    private LocatedObject? Load(string fullPath, Location namedAt, IReadOnlyList<string> above)
    {
        if (above.Contains(fullPath))
        {
            string circle = string.Join(" → ", above.Append(fullPath).Select(NameOf));
            mistakes.Add(namedAt, $"{NameOf(fullPath)} extends itself: {circle}", "remove one `extends` of the circle");
            Whole = false;
            return null;
        }

        if (!File.Exists(fullPath))
        {
            mistakes.Add(namedAt, $"there is no file {NameOf(fullPath)}", SuggestFile(fullPath));
            Whole = false;
            return null;
        }

        var parser = new LocatedParser(NameOf(fullPath), above.Count, mistakes);
        if (WrittenText.Read(ReadBytes(fullPath), out var content) is { } fault)
        {
            mistakes.Add(new Location(NameOf(fullPath), fault.Line, "$", above.Count), fault.Message, fault.Suggestion);
            Whole = false;
            return null;
        }

        _files.Add(WrittenFile.Of(NameOf(fullPath), content));
        var root = parser.Parse(content, "$");
        Whole &= parser.Whole;
        _bareWords.AddRange(parser.BareWords);
        if (root is not LocatedObject document)
        {
            if (root is not null)
            {
                mistakes.Add(root.Location, $"expected an object, found {root.Describe()}", "an experiment file is one object in { }");
                Whole = false;
            }

            return null;
        }

        var merged = Extended(document, fullPath, above) is { } under ? MergePatch.Merge(under, document, document.Location) : document;
        checker.CheckObject(merged, _fileType, complete: false);
        return merged;
    }

    private LocatedObject? Extended(LocatedObject document, string fullPath, IReadOnlyList<string> above)
    {
        if (document.GetText("extends") is not { } extends)
        {
            // A path that is not a string is a mistake of its own; without the file it cannot be said what is missing.
            Whole &= document.Get("extends") is null;
            return null;
        }

        string path = Path.GetFullPath(extends.Replace('\0', ' '), Path.GetDirectoryName(fullPath)!);
        return Load(path, document.Get("extends")!.Location, [.. above, fullPath]);
    }

    private string SuggestFile(string fullPath)
    {
        string folder = Path.GetDirectoryName(fullPath)!;
        if (!Directory.Exists(folder))
        {
            return $"there is no folder {NameOf(folder)} either";
        }

        var files = Directory.GetFiles(folder, "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        return files.Count == 0 ? "the folder holds no .json file" : Nearest.Suggest(Path.GetFileName(fullPath), files);
    }

    private byte[] ReadBytes(string fullPath)
    {
        try
        {
            return File.ReadAllBytes(fullPath);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{NameOf(fullPath)} cannot be read: {refused.Message} It must be a file that this user may read.", refused);
        }
    }
}

/// <summary>
/// Text files that people write, in the encoding that their editor or shell chose: `>` of Windows PowerShell 5.1 writes UTF-16. A byte
/// order mark says which encoding it is; without one the file must be UTF-8.
/// </summary>
public static class WrittenText
{
    private static readonly (byte[] Mark, string Name, Encoding Encoding)[] Marked =
    [
        // UTF-32 first: its mark begins with that of UTF-16.
        ([0xFF, 0xFE, 0x00, 0x00], "UTF-32", new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32", new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0xFF, 0xFE], "UTF-16", new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true)),
        ([0xFE, 0xFF], "UTF-16", new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true)),
    ];

    /// <summary>What keeps a file from being text.</summary>
    /// <param name="Line">From 1.</param>
    public sealed record Fault(int Line, string Message, string Suggestion);

    /// <summary>Converts a file's content to UTF-8 without a byte order mark.</summary>
    /// <param name="utf8">The text; empty where there is a fault.</param>
    /// <returns>Why the content is not text, or null.</returns>
    public static Fault? Read(byte[] content, out byte[] utf8)
    {
        utf8 = [];
        foreach (var (mark, name, encoding) in Marked)
        {
            if (!content.AsSpan().StartsWith(mark))
            {
                continue;
            }

            try
            {
                utf8 = Encoding.UTF8.GetBytes(encoding.GetString(content.AsSpan(mark.Length)));
            }
            catch (ArgumentException)
            {
                return new Fault(1, $"this file begins as {name} and is broken", "save it as UTF-8");
            }

            return FirstFault(utf8);
        }

        if (Unmarked(content) is { } other)
        {
            return new Fault(1, $"this file is {other} without a byte order mark", "save it as UTF-8");
        }

        var text = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var fault = FirstFault(text);
        utf8 = fault is null ? text : [];
        return fault;
    }

    /// <summary>Text begins with an ASCII character, so zeros among the first bytes tell how wide a character is.</summary>
    private static string? Unmarked(ReadOnlySpan<byte> content) => content switch
    {
        [0, 0, 0, not 0, ..] or [not 0, 0, 0, 0, ..] => "UTF-32",
        [0, not 0, 0, not 0, ..] or [not 0, 0, not 0, 0, ..] => "UTF-16",
        _ => null,
    };

    private static Fault? FirstFault(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text) && !text.Contains((byte)0))
        {
            return null;
        }

        int line = 1;
        int column = 1;
        while (Rune.DecodeFromUtf8(text, out var character, out int length) == System.Buffers.OperationStatus.Done && character.Value != 0)
        {
            (line, column) = character.Value == '\n' ? (line + 1, 1) : (line, column + character.Utf16SequenceLength);
            text = text[length..];
        }

        return text[0] == 0
            ? new Fault(line, $"byte 0x00 at column {column} is not text", "remove it, or save the file as text in UTF-8")
            : new Fault(line, $"byte 0x{text[0]:X2} at column {column} is not UTF-8", "save the file as UTF-8");
    }
}
