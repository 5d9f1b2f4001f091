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
/// Packs an experiment into one file that another lab can take in: the plan, what people wrote about it, every complete stage with all
/// of its files, and of attempts that led to none what they reported. The same content makes the same bytes.
/// </summary>
public sealed class CapsuleWriter(ArtifactStore store)
{
    // The first moment that a zip can name; files' own times are not part of what they hold.
    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const int RegularFile = 0x81A4 << 16;

    /// <param name="plan">The experiment's current plan.</param>
    /// <param name="marks">What people wrote, of any experiment: what concerns others is left out.</param>
    /// <param name="replace">A file of that name gives way.</param>
    /// <exception cref="LabException">There is a file of that name, it cannot be written, or a stage's file is not what its manifest says.</exception>
    public CapsuleIndex Write(PlanRecord plan, Annotations marks, string target, bool replace = false, CancellationToken stop = default)
    {
        if (Directory.Exists(target) || (File.Exists(target) && !replace))
        {
            throw new LabException($"{target} exists; name another file{(Directory.Exists(target) ? "" : ", or replace it with --force")}");
        }

        var aside = $"{target}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.aside";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
            CapsuleIndex index;
            using (var zip = new ZipArchive(new FileStream(aside, FileMode.Create, FileAccess.Write), ZipArchiveMode.Create))
            {
                index = new(CapsuleIndex.Known, plan.Name, plan.Hash, [.. Pack(zip, plan, MarksOf(plan, marks), stop)]);
                Put(zip, CapsuleName.Index, JsonSerializer.SerializeToUtf8Bytes(index, LabJson.Default.CapsuleIndex));
            }

            File.Move(aside, target, overwrite: true);
            return index;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the capsule {target} cannot be written: {error.Message}", error);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    private IEnumerable<CapsuleEntry> Pack(ZipArchive zip, PlanRecord plan, Annotations marks, CancellationToken stop)
    {
        var records = new StoreRecords(store);
        var patch = plan.Patch is { } hash && records.PatchDamage(plan) is null ? records.ReadPatch(hash) : null;
        yield return Put(zip, CapsuleName.Plan, JsonSerializer.SerializeToUtf8Bytes(
            patch is null ? plan with { Patch = null } : plan, LabJson.Default.PlanRecord));
        yield return Put(zip, CapsuleName.Marks, JsonSerializer.SerializeToUtf8Bytes(marks, LabJson.Default.Annotations));
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
                        $"{Path.Combine(folder, name)} has changed: its SHA-256 is not that of the manifest. Run the experiment again: the stage "
                            + "is then computed anew");
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
            throw new LabException($"the manifest of {folder} names '{PrintableText.Of(wrong.Name)}', which is no plain file");
        }

        return files.Select(file => (file.Name, (string?)file.Sha256)).Append((ArtifactStore.ManifestName, null))
            .Concat(store.LogsOf(key).Where(log => Path.GetDirectoryName(log.Path) == folder).Select(log => (Path.GetFileName(log.Path), (string?)null)));
    }

    /// <summary>What is told of an attempt: checkpoints and other files of what was not completed stay behind.</summary>
    private static IEnumerable<(string Name, string? Sha256)> Told(string folder) => Directory.EnumerateFiles(folder)
        .Select(path => Path.GetFileName(path))
        .Where(name => ArtifactName.IsName(name) && (JournalFile.IsJournal(name) || ArtifactStore.IsLog(name)
            || name == ArtifactStore.ReasonName || name.EndsWith(".png", StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal).Select(name => (name, (string?)null));

    private static Annotations MarksOf(PlanRecord plan, Annotations marks)
    {
        var runs = plan.Runs.Select(run => run.Id).ToHashSet();
        bool Ours(Annotation mark) => mark.Kind == Annotation.Experiment ? mark.Subject == plan.Name : runs.Contains(mark.Subject);
        return marks with { Tags = [.. marks.Tags.Where(Ours)], Notes = [.. marks.Notes.Where(Ours)], Archived = [] };
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
        // Weights are noise to a compressor, and most of the bytes.
        var weights = name.EndsWith(".safetensors", StringComparison.Ordinal) || name.EndsWith(".png", StringComparison.Ordinal);
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
