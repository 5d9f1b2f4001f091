using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>Reads the profile of a cluster.</summary>
public static partial class ClusterProfileFile
{
    /// <summary>The file in the working directory that is read if the command names none.</summary>
    public const string DefaultName = "slurm.json";

    private static readonly IReadOnlyList<string> Kinds =
        [.. LabJson.Default.StageDefinition.PolymorphismOptions!.DerivedTypes.Select(type => type.TypeDiscriminator).OfType<string>()];

    /// <summary>Reads a profile.</summary>
    /// <exception cref="LabException">The file is missing or has a mistake.</exception>
    public static ClusterProfile Read(string path)
    {
        ClusterProfile profile;
        try
        {
            profile = JsonSerializer.Deserialize(File.ReadAllBytes(path), LabJson.Default.ClusterProfile) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LabException($"{path}: not found. Write the resources of your cluster there, such as "
                + """{ "partition": "gpu", "time": "8:00:00", "cpus": 8, "gpus": 1 }""" + ", or name the file with --profile; see docs/cluster.md", e);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the profile: {e.Message}", e);
        }

        string[] mistakes =
        [
            .. Check("", profile.Of("")),
            .. (profile.Stages ?? new Dictionary<string, StageResources>()).Keys.SelectMany(kind => Kinds.Contains(kind)
                ? Check($"stages.{kind}: ", profile.Of(kind))
                : [$"stages.{kind}: no stage has this kind; the kinds are {string.Join(", ", Kinds)}"]),
            .. profile.ShortMinutes >= 0 ? (string[])[] : ["shortMinutes: requires at least 0"],
            .. profile.MaxRequeues >= 0 ? (string[])[] : ["maxRequeues: requires at least 0"],
            .. profile.RankLauncher is RunSettings.Mpirun or RunSettings.Srun ? (string[])[]
                : [$"rankLauncher: `{profile.RankLauncher}` is neither {RunSettings.Mpirun} nor {RunSettings.Srun}"],
            .. (profile.Prologue ?? []).Any(line => line.Contains('\n')) ? (string[])["prologue: requires one line in each string"] : [],
        ];
        return mistakes.Length == 0
            ? profile
            : throw new LabException(string.Join('\n', mistakes.Distinct().Select(mistake => $"{path}: {mistake}")));
    }

    private static IEnumerable<string> Check(string where, JobResources resources)
    {
        foreach (var (name, value) in (IEnumerable<(string, string?)>)
            [("partition", resources.Partition), ("account", resources.Account), ("qos", resources.Qos), ("constraint", resources.Constraint)])
        {
            if (value is not null && !Name().IsMatch(value))
            {
                yield return $"{where}{name}: `{value}` has characters that a batch script cannot have here";
            }
        }

        if (!Time().IsMatch(resources.Time))
        {
            yield return $"{where}time: `{resources.Time}` is not a time such as 8:00:00 or 2-00:00:00";
        }

        if (resources.Memory is { } memory && !Memory().IsMatch(memory))
        {
            yield return $"{where}memory: `{memory}` is not an amount such as 32G";
        }

        if (resources.Cpus < 1)
        {
            yield return $"{where}cpus: requires at least 1";
        }

        if (resources.Gpus is < 0 or > 1)
        {
            yield return $"{where}gpus: requires 0 or 1, because a process computes on one device";
        }

        if (resources.Ranks < 1)
        {
            yield return $"{where}ranks: requires at least 1";
        }
    }

    [GeneratedRegex(@"\A[\w.,:@&|*()\[\]=-]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A(\d+-)?\d+(:\d{2}){0,2}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Time();

    [GeneratedRegex(@"\A\d+[KMGT]?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Memory();
}
