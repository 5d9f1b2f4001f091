using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Imports a capsule into the store. Everything is unpacked into a private folder and verified there; then each stage is renamed to its final
/// name. Intact stages in the store are kept, so a second import of the same capsule changes nothing.
/// </summary>
public sealed partial class CapsuleImport(ArtifactStore store, TimeProvider time)
{
    /// <summary>The default of the largest unpacked size: 64 GiB.</summary>
    public const long DefaultMaxBytes = 64L << 30;
    private const int MostFiles = 100;
    private const int LongestPath = 4_096;
    private int _kept;
    private int _added;
    private int _replaced;

    /// <summary>Imports a capsule.</summary>
    /// <param name="path">The path of the capsule.</param>
    /// <param name="maxBytes">The largest total size of the unpacked entries, in bytes.</param>
    /// <param name="tell">Called with the plan and the annotations after the stages are in place, while no run can begin.</param>
    /// <param name="admit">Called with the experiment's name before unpacking; an exception refuses the capsule.</param>
    /// <param name="stop">Cancels the import.</param>
    /// <exception cref="LabException">The capsule is invalid, or the store cannot be written.</exception>
    /// <exception cref="StoreLockedException">A run or another import is in progress in the store.</exception>
    public ImportOutcome Run(
        string path, long maxBytes, Action<PlanRecord, Annotations> tell, Action<string>? admit = null, CancellationToken stop = default)
    {
        using var capsule = Capsule.Open(path, maxBytes);
        var plan = PlanOf(capsule);
        var annotations = AnnotationsOf(capsule, plan);
        admit?.Invoke(plan.Name);
        ArtifactStore.CreateFolder(store.Root);
        using var only = FileLock.Try(Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), "import"))
            ?? throw new StoreLockedException($"another import into {store.Root} is in progress. Wait for it.");
        var folder = Path.Combine(store.Root, ".import");
        try
        {
            // Files of a killed import; the lock guarantees that no other import uses them.
            Clear(folder);
            ArtifactStore.CreateFolder(folder);
            Unpack(capsule, folder, stop);
            Verify(capsule, plan, folder, stop);
            // Recorded first, as in a run: from now on no stage of the plan is garbage.
            new StoreRecords(store).Add(plan, Path.Combine(folder, "plans"));
            using (IdleStoreLock.Require(store, time))
            {
                Merge(folder, stop);
                tell(plan, annotations);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot import the capsule into {store.Root}: {error.Message}", error);
        }
        finally
        {
            Clear(folder);
        }

        return new(plan.Name, _added, _kept, _replaced);
    }

    private static PlanRecord PlanOf(Capsule capsule)
    {
        var plan = capsule.Read(CapsuleName.Plan, LabJson.Default.PlanRecord);
        if (plan.Format != 1 || plan.Name != capsule.Index.Experiment || plan.Hash != capsule.Index.PlanHash
            || !ArtifactName.IsExperiment(plan.Name) || !Hash().IsMatch(plan.Hash) || (plan.Patch is { } patch && !ArtifactName.IsKey(patch)))
        {
            throw capsule.Wrong($"its plan has the experiment name '{PrintableText.Of(plan.Name)}', which is not allowed");
        }

        var keys = plan.Stages.Select(stage => stage.Key).ToHashSet();
        var named = plan.Stages.SelectMany(stage => stage.Inputs.Values).Concat(plan.Runs.SelectMany(run => run.Stages.Values));
        if (keys.Count != plan.Stages.Count || !keys.All(ArtifactName.IsKey) || !named.All(keys.Contains)
            || !plan.Runs.All(run => ArtifactName.IsKey(run.Id) && plan.Arms.Any(arm => arm.Name == run.Arm))
            || plan.Runs.DistinctBy(run => run.Id).Count() != plan.Runs.Count || plan.Arms.DistinctBy(arm => arm.Name).Count() != plan.Arms.Count)
        {
            throw capsule.Wrong("its plan refers to missing stages, runs or arms, or has one of them twice");
        }

        if (capsule.Index.Entries.Select(entry => CapsuleName.Stage(entry.Name)).FirstOrDefault(key => key is not null && !keys.Contains(key))
            is { } foreign)
        {
            throw capsule.Wrong($"its plan does not have the stage {foreign}");
        }

        if (plan.PatchOmitted is { Length: > LongestPath })
        {
            throw capsule.Wrong("the description of the patch in its plan is too long");
        }

        if (plan.Files is { } files && (files.Count > MostFiles || files.Any(file => file.Path.Length > LongestPath
            || Encoding.UTF8.GetByteCount(file.Text) > WrittenFile.MostBytes || file.Omitted < 0)))
        {
            throw capsule.Wrong("its plan has too many or too long experiment files");
        }

        return capsule.Index.Entries.Any(entry => entry.Name.EndsWith(".patch", StringComparison.Ordinal)
            && entry.Name != (plan.Patch is null ? null : CapsuleName.Patch(plan.Patch)))
                ? throw capsule.Wrong("its patch does not belong to its plan")
                : plan;
    }

    private static Annotations AnnotationsOf(Capsule capsule, PlanRecord plan)
    {
        var annotations = capsule.Read(CapsuleName.Marks, LabJson.Default.Annotations);
        var runs = plan.Runs.Select(run => run.Id).ToHashSet();
        return annotations.Tags.Concat(annotations.Notes).All(annotation => annotation.Kind switch
        {
            Annotation.Experiment => annotation.Subject == plan.Name,
            Annotation.Run => runs.Contains(annotation.Subject),
            _ => false,
        }) && annotations is { Format: 1, Archived.Count: 0 }
            && annotations.Tags.All(tag => AnnotationRules.IsTag(tag.Text)) && annotations.Notes.All(note => note.Text.Length is > 0 and <= AnnotationRules.LongestNote)
                ? annotations
                : throw capsule.Wrong("it has tags or notes of another experiment, or too long ones");
    }

    private static void Unpack(Capsule capsule, string folder, CancellationToken stop)
    {
        foreach (var entry in capsule.Index.Entries)
        {
            var parts = entry.Name.Split('/');
            capsule.Extract(entry, Path.Combine(ArtifactStore.CreateFolder(Path.Combine(folder, parts[0])), parts[1]), stop);
        }
    }

    private static void Verify(Capsule capsule, PlanRecord plan, string folder, CancellationToken stop)
    {
        foreach (var stage in plan.Stages.Where(stage => Directory.Exists(Path.Combine(folder, stage.Key))))
        {
            var place = Path.Combine(folder, stage.Key);
            var check = ArtifactVerifier.Check(stage.Key, place, stop);
            if (!check.Ok)
            {
                throw capsule.Wrong($"the stage {stage.Key}: {PrintableText.Of(check.ToString())}");
            }

            var path = Path.Combine(place, ArtifactStore.ManifestName);
            var manifest = ManifestSeal.Read(File.ReadAllBytes(path), path);
            var names = manifest.Files.Select(file => file.Name).Append(ArtifactStore.ManifestName).Append(DroppedRecord.Name).ToHashSet();
            if (Directory.EnumerateFiles(place).Select(file => Path.GetFileName(file)).FirstOrDefault(
                name => !names.Contains(name) && !ArtifactStore.IsLog(name)) is { } extra)
            {
                throw capsule.Wrong($"the manifest of the stage {stage.Key} does not list {extra}");
            }

            if (manifest.Kind != stage.Kind || manifest.Seed != stage.Seed || manifest.Inputs.Count != stage.Inputs.Count
                || manifest.Inputs.Except(stage.Inputs).Any())
            {
                throw capsule.Wrong($"the manifest of the stage {stage.Key} and the plan differ");
            }
        }
    }

    private void Merge(string folder, CancellationToken stop)
    {
        foreach (var place in Directory.EnumerateDirectories(folder).Where(path => Path.GetFileName(path) != "plans").Order(StringComparer.Ordinal))
        {
            stop.ThrowIfCancellationRequested();
            var name = Path.GetFileName(place);
            if (!ArtifactName.IsKey(name))
            {
                var parts = name.Split('.');
                KeepTold(place, parts[0], parts[1] == "0");
            }
            else if (store.IsComplete(name) && store.Verify(name, stop) is { Ok: true })
            {
                _kept++;
            }
            else
            {
                if (Directory.Exists(store.CompleteFolder(name)))
                {
                    _replaced++;
                    store.SetAside(name, "it was damaged, and an import replaced it");
                }

                _added++;
                ArtifactStore.MoveFolder(place, store.CompleteFolder(name));
            }
        }
    }

    /// <summary>
    /// Keeps unsuccessful attempts that the store does not have: as an incomplete stage if the store has no folder of the stage, so that a
    /// divergence stays recorded, otherwise as a folder that was set aside.
    /// </summary>
    private void KeepTold(string place, string key, bool inWork)
    {
        var known = store.FoldersOf(key).SelectMany(JournalFile.In).Select(journal => FileHash.Of(journal.Path)).ToHashSet();
        if (JournalFile.In(place).All(journal => known.Contains(FileHash.Of(journal.Path))))
        {
            return;
        }

        if (inWork && store.Find(key) is null)
        {
            ArtifactStore.CreateFolder(Path.GetDirectoryName(store.PartialFolder(key))!);
            ArtifactStore.MoveFolder(place, store.PartialFolder(key));
        }
        else
        {
            store.KeepSetAside(place, key);
        }
    }

    private static void Clear(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"\A[0-9a-f]{8,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hash();
}

/// <summary>The result of an import.</summary>
/// <param name="Experiment">The name of the experiment.</param>
/// <param name="Added">The number of added stages, which were missing or damaged.</param>
/// <param name="Kept">The number of intact stages that were already in the store.</param>
/// <param name="SetAside">The number of damaged stages that were replaced.</param>
public sealed record ImportOutcome(string Experiment, int Added, int Kept, int SetAside);
