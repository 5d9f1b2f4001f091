using System.Text;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Reporting;
using MfRae.Lab.Reporting.Boards;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Renders the report pages of the recorded experiments, the list of experiments and the board.</summary>
public sealed class ReportPages(RunQueries queries, LabPaths paths)
{
    /// <summary>The path of the page of an experiment.</summary>
    public string File(ExperimentRecord record) => paths.Report(record.Name);


    /// <summary>The page of an experiment, in UTF-8.</summary>
    public static byte[] Page(ExperimentRecord record) => Encoding.UTF8.GetBytes(ReportBuilder.Build(record));

    /// <summary>The pages over all experiments, in UTF-8: the list of experiments, and the board of their runs.</summary>
    public IReadOnlyList<(string File, byte[] Content)> Overviews()
    {
        var tags = queries.ExperimentTags();
        var (entries, rows, unreadable) = (new List<IndexEntry>(), new List<BoardEntry>(), new List<string>());
        foreach (var name in queries.Names())
        {
            if (queries.Outline(name) is not { } record)
            {
                unreadable.Add(name);
                continue;
            }

            entries.Add(IndexEntry.Of(record, tags[name]));
            rows.Add(BoardEntry.Of(record, tags[name]));
        }

        return
        [
            (paths.Index, Encoding.UTF8.GetBytes(IndexBuilder.Build(entries, unreadable))),
            (paths.Board, Encoding.UTF8.GetBytes(BoardBuilder.Build(rows))),
        ];
    }

    /// <summary>The state of each recorded experiment, see <see cref="RunQueries.Stamp"/>. <see cref="Update"/> compares with it.</summary>
    /// <param name="but">The name of an experiment to leave out, whose page <see cref="Update"/> writes in any case.</param>
    public IReadOnlySet<(string Name, string? Stamp)> State(string? but = null) =>
        queries.Names().Where(name => name != but).Select(name => (name, queries.Stamp(name))).ToHashSet();

    /// <summary>
    /// Writes the pages of the experiments whose state has changed, and those over all experiments; unchanged files are not written. Experiments share
    /// stages, so a run of one experiment may change the pages of others. An experiment whose name cannot be a file name has no page.
    /// </summary>
    /// <param name="before">The earlier <see cref="State"/>.</param>
    /// <param name="own">The record of an experiment whose page is written in any case.</param>
    public void Update(IReadOnlySet<(string Name, string? Stamp)> before, ExperimentRecord? own = null)
    {
        if (own is not null)
            Write(own);
        foreach (var (name, _) in State(but: own?.Name).Where(now => !before.Contains(now) && ArtifactName.IsExperiment(now.Name)))
        {
            if (queries.Experiment(name) is { } changed)
                Write(changed);
        }

        WriteOverviews();
    }

    private void Write(ExperimentRecord record)
    {
        PageImages.Write(record, File(record), paths.Store);
        FileOutput.WriteIfChanged(File(record), Page(record));
    }

    /// <summary>Writes the pages over all experiments that have changed.</summary>
    public void WriteOverviews()
    {
        foreach (var (file, content) in Overviews())
            FileOutput.WriteIfChanged(file, content);
    }
}

/// <summary>The image files that pages link to. Full-size images are copied from the store, and left out if the store has lost them.</summary>
internal static class PageImages
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G'];

    /// <summary>The image files of the page of an experiment.</summary>
    /// <param name="folder">The folder of the page.</param>
    /// <param name="store">The folder of the store.</param>
    public static IEnumerable<(string File, byte[] Content)> Of(ExperimentRecord record, string folder, string store)
    {
        // The name is part of the paths, and in published data it may be any text.
        if (!ArtifactName.IsExperiment(record.Name))
            yield break;
        foreach (var image in ReportBuilder.Images(record))
        {
            if (Content(image, store) is { } content)
                yield return (Path.Combine(folder, image.Path), content);
        }
    }

    /// <summary>Deletes the image files of a page.</summary>
    public static void Delete(string page)
    {
        var folder = Path.ChangeExtension(page, LinkedImage.FolderSuffix);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    public static void Write(ExperimentRecord record, string page, string store)
    {
        foreach (var (file, content) in Of(record, Path.GetDirectoryName(page)!, store))
            FileOutput.WriteIfChanged(file, content);
    }

    /// <summary>The PNG file, or null if the store has lost it.</summary>
    /// <param name="store">The store's folder.</param>
    public static byte[]? Content(LinkedImage image, string store) => image.Png ?? Stored(image, store);

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

/// <summary>Writes files atomically: a reader sees the old or the new content.</summary>
public static class FileOutput
{
    /// <summary>
    /// Writes a temporary file and renames it. A file with the same content is not written and keeps its time. Returns whether the file
    /// was written.
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
    /// Copies a file of any size to a temporary file and renames it, unless the target has the same content. Returns the SHA-256 of the
    /// source in lower-case hexadecimal.
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

    /// <summary>Whether a file exists and has this content.</summary>
    public static bool IsSame(string path, byte[] content) =>
        File.Exists(path) && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}
