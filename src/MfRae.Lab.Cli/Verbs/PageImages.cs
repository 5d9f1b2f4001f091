using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Verbs;

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
