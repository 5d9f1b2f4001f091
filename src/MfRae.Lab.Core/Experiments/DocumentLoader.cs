using System.Text;
using System.Text.Unicode;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads an experiment file and the files it extends, and merges them; the extending file takes precedence.</summary>
internal sealed class DocumentLoader(Diagnostics mistakes, OptionChecker checker, string workingDirectory)
{
    private readonly OptionType _fileType = OptionTypes.ExperimentFile();
    private readonly List<WrittenFile> _files = [];
    private readonly List<LocatedScalar> _bareWords = [];

    /// <summary>False after a file was broken or missing: then missing options are not reported.</summary>
    public bool Whole { get; private set; } = true;

    /// <summary>The files that were read, each before the file that it extends.</summary>
    public IReadOnlyList<WrittenFile> Files => _files;

    /// <summary>The bare words of all files, see <see cref="LocatedParser.BareWords"/>.</summary>
    public IReadOnlyList<LocatedScalar> BareWords => _bareWords;

    /// <summary>The name of a file in messages: relative to the working directory if it is below it.</summary>
    public string NameOf(string fullPath)
    {
        string relative = Path.GetRelativePath(workingDirectory, fullPath).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? fullPath : relative;
    }

    /// <summary>The merged tree, or null if the file could not be read.</summary>
    public LocatedObject? Load(string fullPath) => Load(fullPath, new Location(null, 0, NameOf(fullPath)), []);

    /// <param name="namedAt">The location that names the file.</param>
    /// <param name="above">The chain of files that extend this one.</param>
    private LocatedObject? Load(string fullPath, Location namedAt, IReadOnlyList<string> above)
    {
        if (above.Contains(fullPath))
        {
            string circle = string.Join(" → ", above.Append(fullPath).Select(NameOf));
            mistakes.Add(namedAt, $"{NameOf(fullPath)} extends itself: {circle}", "remove one of these `extends`");
            Whole = false;
            return null;
        }

        if (!File.Exists(fullPath))
        {
            mistakes.Add(namedAt, $"{NameOf(fullPath)}: file not found", SuggestFile(fullPath));
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
                mistakes.Add(root.Location, $"expected an object, got {root.Describe()}", "an experiment file is one object in { }");
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
            // A path that is not a string is reported elsewhere; without the file, missing options are unknown.
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
            return $"the folder {NameOf(folder)} does not exist either";
        }

        var files = Directory.GetFiles(folder, "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        return files.Count == 0 ? "the folder contains no .json files" : Nearest.Suggest(Path.GetFileName(fullPath), files);
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
                $"{NameOf(fullPath)} cannot be read: {refused.Message} It must be a readable file.", refused);
        }
    }
}

/// <summary>
/// Reads text files in the encoding that an editor or shell chose: `>` in Windows PowerShell 5.1 writes UTF-16. A byte order mark gives
/// the encoding; a file without it must be UTF-8.
/// </summary>
public static class WrittenText
{
    private static readonly (byte[] Mark, string Name, Encoding Encoding)[] Marked =
    [
        // UTF-32 first: its mark begins with the mark of UTF-16.
        ([0xFF, 0xFE, 0x00, 0x00], "UTF-32", new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32", new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0xFF, 0xFE], "UTF-16", new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true)),
        ([0xFE, 0xFF], "UTF-16", new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true)),
    ];

    /// <summary>The reason why a file is not text.</summary>
    /// <param name="Line">From 1.</param>
    /// <param name="Message">What is wrong.</param>
    /// <param name="Suggestion">A correction.</param>
    public sealed record Fault(int Line, string Message, string Suggestion);

    /// <summary>Converts a file's content to UTF-8 without a byte order mark.</summary>
    /// <param name="utf8">The text; empty if there is a fault.</param>
    /// <returns>The reason why the content is not text, or null.</returns>
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
                return new Fault(1, $"the file has a {name} byte order mark but is not valid {name}", "save it as UTF-8");
            }

            return FirstFault(utf8);
        }

        if (Unmarked(content) is { } other)
        {
            return new Fault(1, $"the file is {other} without a byte order mark", "save it as UTF-8");
        }

        var text = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var fault = FirstFault(text);
        utf8 = fault is null ? text : [];
        return fault;
    }

    /// <summary>The encoding of a file without a mark. JSON begins with an ASCII character, so zero bytes show the width of a character.</summary>
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
            ? new Fault(line, $"byte 0x00 at column {column} is not text", "remove it, or save the file as UTF-8 text")
            : new Fault(line, $"byte 0x{text[0]:X2} at column {column} is not UTF-8", "save the file as UTF-8");
    }
}
