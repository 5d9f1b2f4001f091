using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

/// <summary>The stage keys of every shipped experiment. A key that changes makes users compute the stage again, so a change must be intended.</summary>
public sealed class ShippedPlanKeysTests
{
    public static TheoryData<string> Experiments()
    {
        var files = new TheoryData<string>();
        string folder = Path.Combine(Repository.Root, "experiments");
        foreach (string file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (!name.StartsWith("base/", StringComparison.Ordinal) && name != "experiment.schema.json")
                files.Add(name);
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Experiments))]
    public void Keys_are_the_committed_ones(string name)
    {
        var experiment = ExperimentReader.Read($"experiments/{name}", [], Repository.Root, needFiles: false).Experiment!;
        var known = FileHash.In(Repository.Root);
        // Files that are not part of the repository count as files whose content is their path.
        var plan = Planner.Build(experiment, path => IsCommitted(path) ? known(path) : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path))));

        Golden.Check(
            $"tests/Golden/plans/keys/{name.Replace('/', '-').Replace(".json", ".txt", StringComparison.Ordinal)}",
            string.Concat(plan.Stages.Select(stage => $"{stage.Key} {stage.Label}\n")));
    }

    private static bool IsCommitted(string path) =>
        path.StartsWith("data/fashion-mnist", StringComparison.Ordinal) || path.StartsWith("data/weights/", StringComparison.Ordinal);
}
