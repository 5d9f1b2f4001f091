using System.Globalization;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Names stages for people: the role, then the arm only where arms differ in that role, and the seed only where seeds do.
/// </summary>
internal static class StageLabels
{
    private const int MostArmsNamed = 3;

    /// <returns>Stage key → label.</returns>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<PlannedRun> runs)
    {
        var labels = new Dictionary<string, string>();
        foreach (string role in runs.SelectMany(run => run.Stages.Keys).Distinct())
        {
            var users = runs.Where(run => run.Stages.ContainsKey(role)).ToList();
            bool byArm = users.GroupBy(run => run.Seed).Any(group => Keys(group, role) > 1);
            bool bySeed = users.GroupBy(run => run.Arm).Any(group => Keys(group, role) > 1);
            foreach (var stage in users.GroupBy(run => run.Stages[role]))
            {
                var arms = stage.Select(run => run.Arm).Distinct().ToList();
                var seeds = stage.Select(run => run.Seed.ToString(CultureInfo.InvariantCulture)).Distinct().ToList();
                string arm = byArm ? " " + Join(arms) : "";
                string seed = bySeed ? " seed " + string.Join(',', seeds) : "";
                labels.TryAdd(stage.Key, Role(role) + arm + seed);
            }
        }

        return labels;
    }

    private static int Keys(IEnumerable<PlannedRun> runs, string role) => runs.Select(run => run.Stages[role]).Distinct().Count();

    private static string Join(List<string> arms) => arms.Count <= MostArmsNamed
        ? string.Join(", ", arms)
        : $"{string.Join(", ", arms.Take(MostArmsNamed - 1))} and {arms.Count - MostArmsNamed + 1} more";

    private static string Role(string role) => role switch
    {
        "teacherSampling" => "teacher sampling",
        "teacherEvaluation" => "teacher evaluation",
        "derivativeError" => "derivative error",
        _ => role.Replace("reference.", "reference ", StringComparison.Ordinal),
    };
}
