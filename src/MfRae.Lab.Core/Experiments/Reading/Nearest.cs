namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Finds the name the user may have meant.</summary>
public static class Nearest
{
    private const int LongestName = 200;

    /// <summary>"did you mean" the nearest name, or all of them where none is near.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> names) =>
        To(word, names) is { } near ? $"did you mean `{near}`?" : Either(names);

    /// <summary>"one of" the names.</summary>
    public static string Either(IReadOnlyCollection<string> names) => names.Count switch
    {
        0 => "there is nothing to choose from",
        1 => $"write `{names.First()}`",
        _ => "one of " + string.Join(", ", names.Select(name => $"`{name}`")),
    };

    /// <summary>The nearest name, or null where even that one differs in more than two of five letters.</summary>
    public static string? To(string word, IEnumerable<string> names)
    {
        // Longer than any name: to compare it letter by letter would take all memory for nothing.
        if (word.Length > LongestName)
        {
            return null;
        }

        var (name, distance) = names
            .Select(name => (Name: name, Distance: Distance(word.ToLowerInvariant(), name.ToLowerInvariant())))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(candidate => candidate.Distance);
        return distance <= Math.Max(1, Math.Max(word.Length, name.Length) * 2 / 5) ? name : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other.</summary>
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int substituted = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                int best = Math.Min(substituted, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                cost[i, j] = swapped ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
            }
        }

        return cost[a.Length, b.Length];
    }
}
