using System.Globalization;

namespace MfRae.Lab.Core.Images;

/// <summary>The entries of a folder of images that are not read as images.</summary>
/// <param name="Hidden">Files and folders whose names begin with a dot; the contents of a folder are not counted.</param>
/// <param name="Special">Paths of pipes, sockets, devices and links that lead nowhere.</param>
/// <param name="Repeated">Paths of links to folders that are read under another path.</param>
/// <param name="Unread">Number of files by extension in lower case, of formats that are not read.</param>
public sealed record PassedOver(
    long Hidden, IReadOnlyList<string> Special, IReadOnlyList<string> Repeated, IReadOnlyDictionary<string, long> Unread)
{
    private const string NoExtension = "no extension";

    public bool IsEmpty => Hidden == 0 && Special.Count == 0 && Repeated.Count == 0 && Unread.Count == 0;

    /// <summary>All of it in one line, or null where there is nothing.</summary>
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
            parts.Add(Text($"{Repeated.Count} {(Repeated.Count == 1 ? "link" : "links")} to a folder that is read already ({First(Repeated)})"));
        return parts.Count > 0 ? "passed over " + string.Join("; ", parts) : null;
    }

    /// <summary>The same without one file of an extension, which is read for another purpose.</summary>
    public PassedOver Without(string extension) => this with
    {
        Unread = Unread.Select(entry => entry.Key == extension ? new(entry.Key, entry.Value - 1) : entry).Where(entry => entry.Value > 0)
            .ToDictionary(entry => entry.Key, entry => entry.Value),
    };

    private static string First(IReadOnlyList<string> paths) => paths[0] + (paths.Count > 1 ? ", …" : "");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Gathers what is passed over.</summary>
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

        public PassedOver Total()
        {
            _special.Sort(StringComparer.Ordinal);
            _repeated.Sort(StringComparer.Ordinal);
            return new(Hidden, _special, _repeated, _unread);
        }
    }
}
