namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Reads an experiment file and the files it extends, and merges them, the extended ones underneath.</summary>
internal sealed class DocumentLoader(Mistakes mistakes, OptionChecker checker, string workingDirectory)
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
