using System.Globalization;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Labels of stages for people: the role in words, the arm if arms have different stages in that role, and the seed if seeds have.
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
                labels.TryAdd(stage.Key, Words(role) + arm + seed);
            }
        }

        return labels;
    }

    private static int Keys(IEnumerable<PlannedRun> runs, string role) => runs.Select(run => run.Stages[role]).Distinct().Count();

    private static string Join(List<string> arms) => arms.Count <= MostArmsNamed
        ? string.Join(", ", arms)
        : $"{string.Join(", ", arms.Take(MostArmsNamed - 1))} and {arms.Count - MostArmsNamed + 1} more";

    /// <summary>`teacher sampling` for the role teacherSampling, `reference test` for reference.test.</summary>
    private static string Words(string role) => string.Concat(role.Select(letter =>
        char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter == '.' ? " " : letter.ToString()));
}
