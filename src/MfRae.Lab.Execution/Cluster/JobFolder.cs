using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>
/// The files of jobs, in `.jobs/EXPERIMENT` of the store: `ID.json` describes an array, `ID.sh` is its batch script, `ID_INDEX.log` the output of a
/// task and `ID_INDEX.exit.json` the record of its end. A script's comment `EXPERIMENT/ID` names the file that describes a job in the queue, so that nothing has
/// to be written after a submission, and a command that is killed loses nothing.
/// </summary>
public sealed class JobFolder(ArtifactStore store)
{
    private const int Format = 1;
    private const string ExitSuffix = ".exit.json";
    private const string QueuedName = "queued";

    private readonly Dictionary<string, JobArray?> _arrays = [];

    private string Root => Path.Combine(store.Root, ".jobs");

    /// <summary>A new array's name for <see cref="PathOf"/>.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="submission">The hexadecimal name of the submission.</param>
    /// <param name="number">The number of the array in the submission.</param>
    public static string NameOf(string experiment, string submission, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{experiment}/{submission}-{number}");

    /// <summary>A path of an array without its extension.</summary>
    /// <param name="name">The name of the array, `EXPERIMENT/ID`.</param>
    public string PathOf(string name) => TryPathOf(name) ?? throw new LabException($"'{PrintableText.Of(name)}' is not the name of an array of jobs");

    /// <summary>Writes the description of an array and its script. Returns the path of the script.</summary>
    public string Write(string name, JobArray array, string script)
    {
        var path = PathOf(name);
        ArtifactStore.CreateFolder(store.Root);
        ArtifactStore.CreateFolder(Root);
        ArtifactStore.CreateFolder(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path + ".json", JsonSerializer.SerializeToUtf8Bytes(array, LabJson.Default.JobArray));
        File.WriteAllText(path + ".sh", script);
        return path + ".sh";
    }

    /// <summary>The store that the description of an array belongs to.</summary>
    public static ArtifactStore StoreOf(string path) =>
        new(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(path)))) ?? path);

    /// <summary>Reads the description of an array.</summary>
    /// <exception cref="LabException">The file is missing or cannot be read.</exception>
    public static JobArray Read(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            VersionedJson.RefuseNewer(path, bytes, Format);
            return VersionedJson.Read<JobArray>(bytes);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the description of the jobs: {e.Message}", e);
        }
    }

    /// <summary>The jobs of an experiment of this store that wait or run.</summary>
    public IReadOnlyList<QueuedJob> Open(string experiment, IEnumerable<QueuedJob> queue) =>
        [.. queue.Where(job => job.IsOpen && job.Comment.StartsWith(experiment + "/", StringComparison.Ordinal) && Find(job.Comment) is not null)];

    /// <summary>Key → job, for the stages of the jobs that wait or run, from any experiment of this store.</summary>
    public Dictionary<string, QueuedJob> Stages(IEnumerable<QueuedJob> queue)
    {
        var stages = new Dictionary<string, QueuedJob>();
        foreach (var array in queue.Where(job => job.IsOpen).GroupBy(job => job.Comment))
        {
            var tasks = Find(array.Key)?.Tasks.ToDictionary(task => task.Index, task => task.Keys);
            foreach (var job in array)
            {
                foreach (var key in tasks?.GetValueOrDefault(job.Index) ?? [])
                {
                    stages[key] = job;
                }
            }
        }

        return stages;
    }

    /// <summary>Writes the record of the end of a task.</summary>
    /// <param name="path">The path of the array without its extension.</param>
    /// <param name="index">The index of the task.</param>
    /// <param name="exit">The record.</param>
    public static void WriteExit(string path, int index, JobExit exit) => AtomicFile.Write(
        string.Create(CultureInfo.InvariantCulture, $"{path}_{index}{ExitSuffix}"), JsonSerializer.SerializeToUtf8Bytes(exit, LabJson.Default.JobExit));

    /// <summary>Key → record of the last ended job that had the stage, for an experiment.</summary>
    public Dictionary<string, JobExit> Exits(string experiment)
    {
        var exits = new Dictionary<string, JobExit>();
        var folder = Path.Combine(Root, experiment);
        if (!ArtifactName.IsExperiment(experiment) || !Directory.Exists(folder))
        {
            return exits;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*" + ExitSuffix))
        {
            var name = Path.GetFileName(file)[..^ExitSuffix.Length];
            var place = name.LastIndexOf('_');
            if (place > 0 && int.TryParse(name[(place + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && ReadExit(file) is { } exit && Find($"{experiment}/{name[..place]}")?.Tasks.FirstOrDefault(task => task.Index == index) is { } task)
            {
                foreach (var key in task.Keys.Where(key => !exits.TryGetValue(key, out var known) || known.At < exit.At))
                {
                    exits[key] = exit;
                }
            }
        }

        return exits;
    }

    /// <summary>Whether jobs were submitted for an experiment.</summary>
    public bool Has(string experiment) => ArtifactName.IsExperiment(experiment) && Directory.Exists(Path.Combine(Root, experiment));

    /// <summary>Records the number of waiting and running jobs of an experiment that the last look at the queue found.</summary>
    public void WriteQueued(string experiment, int jobs)
    {
        if (Has(experiment))
        {
            File.WriteAllText(Path.Combine(Root, experiment, QueuedName), jobs.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether the last look at the queue found jobs of an experiment.</summary>
    public bool HasQueued(string experiment) => Has(experiment) && Path.Combine(Root, experiment, QueuedName) is var path && File.Exists(path)
        && File.ReadAllText(path) is not "0";

    private string? TryPathOf(string name) =>
        name.Split('/') is [var experiment, var id] && ArtifactName.IsExperiment(experiment) && ArtifactName.IsName(id) ? Path.Combine(Root, experiment, id) : null;

    /// <summary>The array of a name, or null if this store has none.</summary>
    private JobArray? Find(string name)
    {
        if (!_arrays.TryGetValue(name, out var array))
        {
            array = _arrays[name] = TryPathOf(name) is { } path && File.Exists(path + ".json") ? Read(path + ".json") : null;
        }

        return array;
    }

    private static JobExit? ReadExit(string path)
    {
        try
        {
            return VersionedJson.Read<JobExit>(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }
}

/// <summary>Batch scripts of arrays.</summary>
public static class BatchScript
{
    /// <summary>
    /// Seconds before the time limit at which a job receives SIGTERM: long enough for a checkpoint, which a worker may take two minutes to write.
    /// </summary>
    public const int Notice = 150;

    /// <summary>The script of an array.</summary>
    /// <param name="name">The name of the array, `EXPERIMENT/ID`.</param>
    /// <param name="path">The path of the array's files without extension.</param>
    /// <param name="array">The array.</param>
    /// <param name="workingDirectory">The working directory of the jobs.</param>
    /// <param name="prologue">The lines before the program.</param>
    /// <param name="program">The program with its first arguments.</param>
    public static string Of(string name, string path, PlannedArray array, string workingDirectory, IReadOnlyList<string> prologue, IReadOnlyList<string> program)
    {
        var resources = array.Resources;
        string?[] options =
        [
            $"job-name=mfrae-{name.Split('/')[0]}",
            $"comment={name}",
            $"array={array.Indexes()}",
            $"chdir={Quoted(workingDirectory)}",
            // sbatch replaces % and a letter, and reads %% as %.
            $"output={Quoted(path.Replace("%", "%%", StringComparison.Ordinal) + "_%a.log")}",
            "open-mode=append",
            "requeue",
            string.Create(CultureInfo.InvariantCulture, $"signal=B:TERM@{Notice}"),
            "kill-on-invalid-dep=yes",
            resources.Ranks == 1 ? "nodes=1" : null,
            string.Create(CultureInfo.InvariantCulture, $"ntasks={resources.Ranks}"),
            string.Create(CultureInfo.InvariantCulture, $"cpus-per-task={resources.Cpus}"),
            resources.Gpus == 0 ? null
                : string.Create(CultureInfo.InvariantCulture, $"{(resources.Ranks == 1 ? "gres=gpu:" : "gpus-per-task=")}{resources.Gpus}"),
            resources.Memory is { } memory ? $"mem={memory}" : null,
            $"time={resources.Time}",
            resources.Partition is { } partition ? $"partition={partition}" : null,
            resources.Account is { } account ? $"account={account}" : null,
            resources.Qos is { } qos ? $"qos={qos}" : null,
            resources.Constraint is { } constraint ? $"constraint={constraint}" : null,
        ];
        string[] lines =
        [
            "#!/bin/bash",
            .. options.OfType<string>().Select(option => "#SBATCH --" + option),
            .. prologue,
            string.Join(' ', ((IEnumerable<string>)["exec", .. program, "job", path + ".json"]).Select(CommandText.Quoted)) + " \"$SLURM_ARRAY_TASK_ID\"",
        ];
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>A path for a line of options: in double quotes, # does not begin a comment and spaces do not end the value.</summary>
    private static string Quoted(string path) => path.Any(c => c is '"' or '\\' || char.IsControl(c))
        ? throw new LabException($"{PrintableText.Of(path)}: a path of Slurm's jobs cannot contain quotation marks, backslashes or control characters")
        : path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+=:,@%".Contains(c, StringComparison.Ordinal)) ? path : $"\"{path}\"";
}
