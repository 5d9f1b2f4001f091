using System.Text;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The pages that the database stands for, by file.</summary>
public sealed class ReportPages(RunQueries queries, LabPaths places)
{
    public string File(ExperimentRecord record) => places.Report(record.Name);

    public string IndexFile => places.Index;

    public static byte[] Page(ExperimentRecord record) => Encoding.UTF8.GetBytes(ReportBuilder.Build(record));

    public byte[] IndexPage()
    {
        var tags = queries.ExperimentTags();
        var entries = queries.Names().Select(name => (Name: name, Entry: queries.Outline(name) is { } record ? IndexEntry.Of(record, tags[name]) : null))
            .ToList();
        return Encoding.UTF8.GetBytes(IndexBuilder.Build(
            [.. entries.Select(one => one.Entry).OfType<IndexEntry>()], [.. entries.Where(one => one.Entry is null).Select(one => one.Name)]));
    }

    /// <summary>What the database says of each experiment by now, see <see cref="RunQueries.Stamp"/>.</summary>
    /// <param name="but">Left out: <see cref="Update"/> is given its record, and writes its page whether that says anything new or not.</param>
    public IReadOnlySet<(string Name, string? Stamp)> State(string? but = null) =>
        queries.Names().Where(name => name != but).Select(name => (name, queries.Stamp(name))).ToHashSet();

    /// <summary>
    /// Writes the pages of experiments of which the database says something else than before, and the index, each where its bytes differ
    /// from what is there. Experiments share stages: what a run of one computes may stand in the pages of others. A name that cannot be
    /// that of a file has no page.
    /// </summary>
    /// <param name="own">Has been read already, and is written in any case.</param>
    public void Update(IReadOnlySet<(string Name, string? Stamp)> before, ExperimentRecord? own = null)
    {
        if (own is not null)
            Write(own);
        foreach (var (name, _) in State(but: own?.Name).Where(now => !before.Contains(now) && ArtifactName.IsExperiment(now.Name)))
        {
            if (queries.Experiment(name) is { } changed)
                Write(changed);
        }

        WriteIndex();
    }

    private void Write(ExperimentRecord record)
    {
        PageImages.Write(record, File(record), places.Store);
        FileOutput.WriteIfChanged(File(record), Page(record));
    }

    public void WriteIndex() => FileOutput.WriteIfChanged(IndexFile, IndexPage());
}

/// <summary>The image files that pages link to. Those at full size are copied from the store; where it has lost them, they are left out.</summary>
internal static class PageImages
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G'];

    /// <param name="folder">The folder of the page.</param>
    /// <param name="store">The store's folder.</param>
    public static IEnumerable<(string File, byte[] Content)> Of(ExperimentRecord record, string folder, string store)
    {
        // The name of published data may be anything, and is part of the paths.
        if (!ArtifactName.IsExperiment(record.Name))
            yield break;
        foreach (var image in ReportBuilder.Images(record))
        {
            if ((image.Png ?? Stored(image, store)) is { } content)
                yield return (Path.Combine(folder, image.Path), content);
        }
    }

    /// <summary>Deletes the files of a page.</summary>
    public static void Delete(string page)
    {
        var folder = Path.ChangeExtension(page, ".images");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    public static void Write(ExperimentRecord record, string page, string store)
    {
        foreach (var (file, content) in Of(record, Path.GetDirectoryName(page)!, store))
            FileOutput.WriteIfChanged(file, content);
    }

    private static byte[]? Stored(LinkedImage image, string store)
    {
        if (!ArtifactName.IsKey(image.Stage))
            return null;
        var path = Path.Combine(new ArtifactStore(store).CompleteFolder(image.Stage), image.File!);
        try
        {
            var content = File.Exists(path) ? File.ReadAllBytes(path) : [];
            return content.AsSpan().StartsWith(Signature) ? content : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Writes files that others may be looking at.</summary>
public static class FileOutput
{
    /// <summary>
    /// Writes aside and renames, and only where the bytes differ: a file that did not change keeps its time. True if it was
    /// written.
    /// </summary>
    public static bool WriteIfChanged(string path, byte[] content)
    {
        if (IsSame(path, content))
            return false;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var aside = $"{path}.{System.Environment.ProcessId}.aside";
        File.WriteAllBytes(aside, content);
        File.Move(aside, path, overwrite: true);
        return true;
    }

    /// <summary>
    /// Copies a file of any size, aside and with a rename, unless the target has the same content. Returns the SHA-256 of the source, in
    /// lower-case hex.
    /// </summary>
    public static string CopyIfChanged(string source, string target)
    {
        var hash = FileHash.Of(source);
        if (File.Exists(target) && new FileInfo(target).Length == new FileInfo(source).Length && FileHash.Of(target) == hash)
            return hash;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var aside = $"{target}.{System.Environment.ProcessId}.aside";
        File.Copy(source, aside, overwrite: true);
        File.Move(aside, target, overwrite: true);
        return hash;
    }

    public static bool IsSame(string path, byte[] content) =>
        File.Exists(path) && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}
