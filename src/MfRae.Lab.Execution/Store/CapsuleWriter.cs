using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Packs an experiment into one file for another lab: the plan, its annotations, every complete stage with all its files, and the reports of
/// unsuccessful attempts. The same content gives the same bytes.
/// </summary>
public sealed class CapsuleWriter(ArtifactStore store)
{
    // The earliest time that a zip can store; the times of files are not part of their content.
    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const int RegularFile = 0x81A4 << 16;

    /// <summary>Writes a capsule.</summary>
    /// <param name="plan">The current plan of the experiment.</param>
    /// <param name="annotations">All annotations; those of other experiments are left out.</param>
    /// <param name="target">The path of the file.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="stop">Cancels the export; no file is left.</param>
    /// <exception cref="LabException">The file exists or cannot be written, or a file of a stage does not match its manifest.</exception>
    public CapsuleIndex Write(PlanRecord plan, Annotations annotations, string target, bool replace = false, CancellationToken stop = default)
    {
        if (Directory.Exists(target) || (File.Exists(target) && !replace))
        {
            throw new LabException($"{target} already exists. Give another name{(Directory.Exists(target) ? "" : ", or use --force to replace it")}.");
        }

        var aside = $"{target}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.aside";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
            CapsuleIndex index;
            using (var zip = new ZipArchive(new FileStream(aside, FileMode.Create, FileAccess.Write), ZipArchiveMode.Create))
            {
                index = new(CapsuleIndex.Known, plan.Name, plan.Hash, [.. Pack(zip, plan, AnnotationsOf(plan, annotations), stop)]);
                Put(zip, CapsuleName.Index, JsonSerializer.SerializeToUtf8Bytes(index, LabJson.Default.CapsuleIndex));
            }

            File.Move(aside, target, overwrite: true);
            return index;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{target}: cannot write the capsule: {error.Message}", error);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    private IEnumerable<CapsuleEntry> Pack(ZipArchive zip, PlanRecord plan, Annotations annotations, CancellationToken stop)
    {
        var records = new StoreRecords(store);
        var patch = plan.Patch is { } hash && records.PatchDamage(plan) is null ? records.ReadPatch(hash) : null;
        yield return Put(zip, CapsuleName.Plan, JsonSerializer.SerializeToUtf8Bytes(
            patch is null ? plan with { Patch = null } : plan, LabJson.Default.PlanRecord));
        yield return Put(zip, CapsuleName.Marks, JsonSerializer.SerializeToUtf8Bytes(annotations, LabJson.Default.Annotations));
        if (patch is not null)
        {
            yield return Put(zip, CapsuleName.Patch(plan.Patch!), patch);
        }

        foreach (var stage in plan.Stages)
        {
            var number = 0;
            foreach (var folder in store.FoldersOf(stage.Key))
            {
                var complete = folder == store.CompleteFolder(stage.Key);
                var suffix = complete ? "" : "." + (folder == store.PartialFolder(stage.Key) ? 0 : ++number).ToString(CultureInfo.InvariantCulture);
                var names = complete ? Complete(stage.Key) : Told(folder);
                foreach (var (name, sha256) in names)
                {
                    stop.ThrowIfCancellationRequested();
                    var entry = Put(zip, $"{stage.Key}{suffix}/{name}", Path.Combine(folder, name), stop);
                    yield return sha256 is null || sha256 == entry.Sha256 ? entry : throw new LabException(
                        $"{Path.Combine(folder, name)} has changed: its SHA-256 differs from the manifest. Run the experiment again to recompute "
                            + "the stage.");
                }
            }
        }
    }

    private IEnumerable<(string Name, string? Sha256)> Complete(string key)
    {
        var folder = store.CompleteFolder(key);
        var files = store.ReadManifest(key).Files;
        if (files.FirstOrDefault(file => !ArtifactName.IsName(file.Name) || new FileInfo(Path.Combine(folder, file.Name)).LinkTarget is not null)
            is { } wrong)
        {
            throw new LabException($"the manifest of {folder} lists '{PrintableText.Of(wrong.Name)}', which is not a plain file");
        }

        var dropped = store.DroppedFiles(key).Select(file => file.Name).ToHashSet();
        return files.Where(file => !dropped.Contains(file.Name)).Select(file => (file.Name, (string?)file.Sha256)).Append((ArtifactStore.ManifestName, null))
            .Concat(dropped.Count > 0 ? [(DroppedRecord.Name, null)] : [])
            .Concat(store.LogsOf(key).Where(log => Path.GetDirectoryName(log.Path) == folder).Select(log => (Path.GetFileName(log.Path), (string?)null)));
    }

    /// <summary>The files that an attempt reported, without checkpoints and other files of an incomplete stage.</summary>
    private static IEnumerable<(string Name, string? Sha256)> Told(string folder) => Directory.EnumerateFiles(folder)
        .Select(path => Path.GetFileName(path))
        .Where(name => ArtifactName.IsName(name) && (JournalFile.IsJournal(name) || ArtifactStore.IsLog(name)
            || name == ArtifactStore.ReasonName || name.EndsWith(".png", StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal).Select(name => (name, (string?)null));

    private static Annotations AnnotationsOf(PlanRecord plan, Annotations annotations)
    {
        var runs = plan.Runs.Select(run => run.Id).ToHashSet();
        bool Ours(Annotation annotation) => annotation.Kind == Annotation.Experiment ? annotation.Subject == plan.Name : runs.Contains(annotation.Subject);
        return annotations with { Tags = [.. annotations.Tags.Where(Ours)], Notes = [.. annotations.Notes.Where(Ours)], Archived = [] };
    }

    private static CapsuleEntry Put(ZipArchive zip, string name, byte[] content)
    {
        using var source = new MemoryStream(content);
        return Put(zip, name, source, default);
    }

    private static CapsuleEntry Put(ZipArchive zip, string name, string path, CancellationToken stop)
    {
        using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Put(zip, name, source, stop);
    }

    private static CapsuleEntry Put(ZipArchive zip, string name, Stream source, CancellationToken stop)
    {
        // Weights are most of the bytes and do not compress.
        string[] packed = [".safetensors", ".released", ".png"];
        var weights = packed.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));
        var entry = zip.CreateEntry(name, weights ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
        (entry.LastWriteTime, entry.ExternalAttributes) = (NoTime, RegularFile);
        using var target = entry.Open();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        var size = 0L;
        for (int read; (read = source.Read(buffer)) > 0; size += read)
        {
            stop.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
            target.Write(buffer, 0, read);
        }

        return new(name, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
