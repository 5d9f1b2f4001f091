using System.Globalization;
using System.IO.Enumeration;

namespace MfRae.Lab.Core.Images;

/// <summary>An image file below a folder.</summary>
/// <param name="Path">Path relative to the folder, with `/`.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct ImageFile(string Path, long Length);

/// <summary>
/// The image files of a folder, at any depth. Every reader of image folders uses this list: training, evaluation, hashes and counts.
/// Only regular files are listed. Links are followed, and each real folder is read once. Names that begin with a dot are skipped.
/// </summary>
/// <param name="Files">In ordinal order of their paths.</param>
/// <param name="Folders">Names of the folders of the first level in ordinal order, which is torchvision's order of classes.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images.</param>
public sealed record ImageFiles(string Root, IReadOnlyList<ImageFile> Files, IReadOnlyList<string> Folders, SkippedEntries PassedOver)
{
    /// <summary>Extensions of the image formats that are read, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".bmp", ".jpeg", ".jpg", ".png", ".webp"];

    /// <summary>Whether a file is an image by its name.</summary>
    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Lists the images below a folder.</summary>
    /// <exception cref="LabException">A folder cannot be read, an image is a broken link, or a name is not UTF-8.</exception>
    /// <exception cref="OperationCanceledException">The caller asked to stop.</exception>
    public static ImageFiles Below(string root, CancellationToken stop = default) => Reading(root, () => new Walk(root, stop).Run());

    /// <summary>The names of the folders in a folder in ordinal order, without those that begin with a dot.</summary>
    /// <exception cref="LabException">The folder cannot be read.</exception>
    public static IReadOnlyList<string> ClassFolders(string root) => Reading<IReadOnlyList<string>>(root, () =>
        [.. Entries(root).Where(entry => entry.IsFolder && !IsHidden(entry.Name)).Select(entry => entry.Name).Order(StringComparer.Ordinal)]);

    /// <summary>Whether a folder contains images and no class folders.</summary>
    /// <exception cref="LabException">The folder cannot be read.</exception>
    public static bool IsFlat(string root) => Reading(root, () =>
    {
        var visible = Entries(root).Where(entry => !IsHidden(entry.Name)).ToList();
        return !visible.Exists(entry => entry.IsFolder) && visible.Exists(entry => IsImage(entry.Name));
    });

    private static bool IsHidden(string name) => name.StartsWith('.');

    private static IEnumerable<(string Name, bool IsFolder)> Entries(string folder) => new FileSystemEnumerable<(string, bool)>(
        folder,
        (ref FileSystemEntry entry) => (entry.FileName.ToString(), entry.IsDirectory),
        new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false });

    private static T Reading<T>(string root, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the folder {root} cannot be read: {refused.Message}", refused);
        }
    }

    private sealed class Walk(string root, CancellationToken stop)
    {
        // .NET replaces bytes of a name that are not UTF-8 with it; such a name cannot be opened.
        private const char Undecodable = '\uFFFD';

        private readonly List<ImageFile> _files = [];
        private readonly List<string> _folders = [];
        private readonly HashSet<string> _read = [];
        private readonly Queue<string> _waiting = new();
        private readonly SortedSet<string> _links = new(StringComparer.Ordinal);
        private readonly SkippedEntries.Counter _passed = new();

        // Folders before links to folders, so that a folder that a link points to keeps its path.
        public ImageFiles Run()
        {
            Enter("");
            do
            {
                while (_waiting.TryDequeue(out var folder))
                {
                    foreach (var (name, isFolder) in Entries(Full(folder)))
                        Take(folder.Length == 0 ? name : $"{folder}/{name}", name, isFolder);
                }
            }
            while (FollowLink());
            _folders.Sort(StringComparer.Ordinal);
            return new(root, [.. _files.OrderBy(file => file.Path, StringComparer.Ordinal)], _folders, _passed.Total());
        }

        private void Take(string path, string name, bool isFolder)
        {
            stop.ThrowIfCancellationRequested();
            if (IsHidden(name))
                _passed.Hidden++;
            else if (isFolder && new DirectoryInfo(Full(path)).LinkTarget is not null)
                _links.Add(path);
            else if (isFolder)
                Enter(path);
            else
                TakeFile(path);
        }

        private void TakeFile(string path)
        {
            var status = FileStatus.Of(Full(path));
            if (status.Kind == FileKind.Missing && IsImage(path))
                throw Unreachable(path, status.Problem);
            if (status.Kind == FileKind.Regular && IsImage(path))
                _files.Add(new(path, status.Length));
            else if (status.Kind == FileKind.Regular || path.Contains(Undecodable))
                _passed.Unread(Path.GetExtension(path));
            else
                _passed.Special(path);
        }

        private void Enter(string folder)
        {
            var status = FileStatus.Of(Full(folder));
            if (status.Kind == FileKind.Missing && folder.Length > 0)
                throw Unreachable(folder, status.Problem);
            if (!_read.Add(status.Identity))
            {
                _passed.Repeated(folder);
                return;
            }

            _waiting.Enqueue(folder);
            if (folder.Length > 0 && !folder.Contains('/'))
                _folders.Add(folder);
        }

        private bool FollowLink()
        {
            if (_links.Min is not { } next)
                return false;
            _links.Remove(next);
            Enter(next);
            return true;
        }

        private string Full(string path) => path.Length == 0 ? root : Path.Combine(root, path);

        private LabException Unreachable(string path, string problem) => new(path.Contains(Undecodable)
            ? $"{Full(path)}: this name is not UTF-8 ({Undecodable} marks the invalid bytes); rename it, for example by "
                + "`convmv -f latin1 -t utf8 --notest`"
            : $"{Full(path)} cannot be read: {problem}. If it is a link, restore its target or remove it");
    }
}

/// <summary>The entries of a folder of images that are not read as images.</summary>
/// <param name="Hidden">Files and folders whose names begin with a dot; the contents of a folder are not counted.</param>
/// <param name="Special">Paths of pipes, sockets, devices and broken links.</param>
/// <param name="Repeated">Paths of links to folders that are read under another path.</param>
/// <param name="Unread">Extension in lower case → number of files, for formats that are not read.</param>
public sealed record SkippedEntries(
    long Hidden, IReadOnlyList<string> Special, IReadOnlyList<string> Repeated, IReadOnlyDictionary<string, long> Unread)
{
    private const string NoExtension = "no extension";

    /// <summary>Whether nothing was skipped.</summary>
    public bool IsEmpty => Hidden == 0 && Special.Count == 0 && Repeated.Count == 0 && Unread.Count == 0;

    /// <summary>A description in one line, or null without skipped entries.</summary>
    public string? Describe()
    {
        var parts = new List<string>();
        if (Unread.Count > 0)
            parts.Add("files of formats that are not read: " + string.Join(", ", Unread.Select(entry => Text($"{entry.Value} {entry.Key}"))));
        if (Hidden > 0)
            parts.Add(Text($"{Hidden} {(Hidden == 1 ? "name that begins" : "names that begin")} with a dot"));
        if (Special.Count > 0)
            parts.Add(Text($"pipes, sockets, devices or broken links: {Special.Count} ({First(Special)})"));
        if (Repeated.Count > 0)
            parts.Add(Text($"{Repeated.Count} {(Repeated.Count == 1 ? "link" : "links")} to a folder that is already read ({First(Repeated)})"));
        return parts.Count > 0 ? "passed over " + string.Join("; ", parts) : null;
    }

    /// <summary>The entries without one file of an extension, which is read for another purpose.</summary>
    public SkippedEntries Without(string extension) => this with
    {
        Unread = Unread.Select(entry => entry.Key == extension ? new(entry.Key, entry.Value - 1) : entry).Where(entry => entry.Value > 0)
            .ToDictionary(entry => entry.Key, entry => entry.Value),
    };

    private static string First(IReadOnlyList<string> paths) => paths[0] + (paths.Count > 1 ? ", …" : "");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Collects the skipped entries.</summary>
    internal sealed class Counter
    {
        private readonly List<string> _special = [];
        private readonly List<string> _repeated = [];
        private readonly SortedDictionary<string, long> _unread = new(StringComparer.Ordinal);

        public long Hidden { get; set; }

        public void Special(string path) => _special.Add(path);

        public void Repeated(string path) => _repeated.Add(path);

        public void Unread(string extension)
        {
            var name = extension.Length == 0 ? NoExtension : extension.ToLowerInvariant();
            _unread[name] = _unread.GetValueOrDefault(name) + 1;
        }

        public SkippedEntries Total()
        {
            _special.Sort(StringComparer.Ordinal);
            _repeated.Sort(StringComparer.Ordinal);
            return new(Hidden, _special, _repeated, _unread);
        }
    }
}
