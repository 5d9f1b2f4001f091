using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// The manifest of files in real formats, with its lists `must_load`, `must_refuse…` and `must_fail…`. An entry names one or more
/// files (`a.pt / b.pt`, `a.pt (+_legacy)`) and may describe their content in words.
/// </summary>
internal sealed partial class FormatsManifest
{
    private const string ExpectedFiles = "expected*.safetensors";

    private readonly JsonElement _json;
    private readonly string _folder;

    public FormatsManifest(ReferenceManifest manifest)
    {
        _json = manifest.Json;
        _folder = System.IO.Path.GetDirectoryName(manifest.Path)!;
        Manifest = System.IO.Path.GetFileName(manifest.Path);
        Expected = [.. ExpectedPaths().SelectMany(path => Safetensors.Read(path).Tensors.Select(entry => (entry.Key, entry.Value)))];
    }

    public string Manifest { get; }

    /// <summary>The tensors that the loaded files must hold; the part before the first dot says of which file they are.</summary>
    public IReadOnlyList<(string Name, StoredTensor Value)> Expected { get; }

    /// <summary>Files that must load, with their descriptions.</summary>
    public IEnumerable<(string File, string Text)> Loading() => Listed(name => name == "must_load");

    /// <summary>Files that must be refused because they are damaged or ask for code to be run.</summary>
    public IEnumerable<(string File, string Text)> Refusing() =>
        Listed(name => name.StartsWith("must_", StringComparison.Ordinal) && name != "must_load");

    /// <summary>Files in the folder of the manifest that no list names.</summary>
    public IEnumerable<string> Unlisted() => Directory.EnumerateFiles(_folder).Select(path => System.IO.Path.GetFileName(path)!)
        .Except(Loading().Concat(Refusing()).Select(entry => entry.File))
        .Except(ExpectedPaths().Select(path => System.IO.Path.GetFileName(path)!))
        .Except([Manifest]);

    /// <summary>Files with their lengths and hashes, where the manifest gives them.</summary>
    public IEnumerable<(string File, long Bytes, string Sha256)> Hashes() => _json.TryGetProperty("files", out var files)
        ? files.EnumerateObject().Select(file =>
            (file.Name, file.Value.GetProperty("bytes").GetInt64(), file.Value.GetProperty("sha256").GetString()!))
        : [];

    public string Path(string file) => System.IO.Path.Combine(_folder, file);

    /// <summary>The expected tensors that a file should hold, by its text, or by its name where the text names none.</summary>
    public IReadOnlyList<(string Name, StoredTensor Value)> Held(string file, string text)
    {
        var words = Word().Matches(text).Select(match => match.Value).ToHashSet();
        var named = Expected.Where(entry => words.Contains(entry.Name) || (Prefix(entry.Name) is { } prefix && words.Contains(prefix))).ToList();
        return named.Count > 0
            ? named
            : [.. Expected.Where(entry => Prefix(entry.Name) is { } prefix && file.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Files whose creation a text threatens with.</summary>
    public static IEnumerable<string> Markers(string text) => AbsolutePath().Matches(text).Select(match => match.Value);

    /// <summary>Numbers that a text gives, as `'train_steps': 7`.</summary>
    public static IEnumerable<(string Name, string Value)> Numbers(string text) =>
        Number().Matches(text).Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    private static string? Prefix(string name) => name.IndexOf('.') is >= 0 and var dot ? name[..dot] : null;

    private IEnumerable<string> ExpectedPaths() => Directory.EnumerateFiles(_folder, ExpectedFiles);

    private IEnumerable<(string File, string Text)> Listed(Func<string, bool> wanted) =>
        from list in _json.EnumerateObject()
        where wanted(list.Name)
        from entry in list.Value.ValueKind == JsonValueKind.Array
            ? list.Value.EnumerateArray().Select(item => (Names: item.GetString()!, Text: ""))
            : list.Value.EnumerateObject().Select(item => (Names: item.Name, Text: item.Value.GetString()!))
        from file in Files(entry.Names)
        select (file, entry.Text);

    // `a.pt (+_legacy)` is a.pt and a_legacy.pt.
    private static IEnumerable<string> Files(string names)
    {
        foreach (var name in names.Split(" / "))
        {
            var match = WithVariant().Match(name);
            if (!match.Success)
            {
                yield return name.Trim();
                continue;
            }
            var file = match.Groups["file"].Value;
            yield return file;
            yield return System.IO.Path.GetFileNameWithoutExtension(file) + match.Groups["variant"].Value + System.IO.Path.GetExtension(file);
        }
    }

    [GeneratedRegex(@"^(?<file>\S+) \(\+(?<variant>\w+)\)$")]
    private static partial Regex WithVariant();

    [GeneratedRegex(@"[A-Za-z_]\w*(\.\w+)*")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<!\S)/[\w./-]+")]
    private static partial Regex AbsolutePath();

    [GeneratedRegex(@"'(\w+)': (-?\d+)")]
    private static partial Regex Number();
}
