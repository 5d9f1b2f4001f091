namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Exact tests of how often runs diverge. A run diverges or does not; the tests use nothing else, in particular no value of a metric. Seeds are
/// independent, runs of one seed are not.
/// </summary>
public static class DivergenceTests
{
    /// <summary>The most levels for which all permutations are enumerated: 8! of each seed.</summary>
    public const int MostLevels = 8;

    /// <summary>
    /// Whether divergence becomes more or less frequent along ordered levels: a permutation test within seeds. If the levels do not matter, the
    /// counts of a seed could be in any order, whatever other options share the seed. The statistic is Σ rank × count; the scores are ranks, so
    /// the spacing of the levels does not matter.
    /// </summary>
    /// <param name="counts">For each seed the number of diverged runs at each level, in the order of the levels.</param>
    /// <returns>The two-sided p: the probability of a statistic at least as far from its mean.</returns>
    /// <exception cref="ArgumentException">There are fewer than two levels or more than <see cref="MostLevels"/>.</exception>
    public static double Trend(IReadOnlyList<IReadOnlyList<int>> counts)
    {
        if (counts.Count == 0)
        {
            return 1;
        }

        if (counts[0].Count is < 2 or > MostLevels)
        {
            throw new ArgumentException($"The test needs 2 to {MostLevels} levels, and there are {counts[0].Count}.", nameof(counts));
        }

        var (observed, mean) = (0, 0.0);
        var distribution = new Dictionary<int, double> { [0] = 1 };
        foreach (var seed in counts)
        {
            observed += Statistic(seed);
            mean += seed.Sum() * (seed.Count - 1) / 2.0;
            distribution = Add(distribution, Permuted(seed));
        }

        var distance = Math.Abs(observed - mean);
        return Math.Min(1, distribution.Where(one => Math.Abs(one.Key - mean) >= distance - 1e-9).Sum(one => one.Value));
    }

    /// <summary>
    /// McNemar's exact test: whether one of two paired arms diverges more often. Only the seeds count in which exactly one arm diverged; without
    /// a difference each of these is as likely to be the one as the other.
    /// </summary>
    /// <param name="onlyFirst">Seeds in which only the first arm diverged.</param>
    /// <param name="onlySecond">Seeds in which only the second arm diverged.</param>
    /// <returns>The two-sided p.</returns>
    public static double McNemar(int onlyFirst, int onlySecond)
    {
        var (n, fewer) = (onlyFirst + onlySecond, Math.Min(onlyFirst, onlySecond));
        var (tail, term) = (0.0, Math.Pow(2, -n));
        for (var k = 0; k <= fewer; k++)
        {
            tail += term;
            term *= (n - k) / (k + 1.0);
        }

        return Math.Min(1, 2 * tail);
    }

    private static int Statistic(IReadOnlyList<int> counts) => counts.Select((count, rank) => count * rank).Sum();

    /// <summary>The distribution of the statistic of one seed over all orders of its counts.</summary>
    private static Dictionary<int, double> Permuted(IReadOnlyList<int> counts)
    {
        var sums = new Dictionary<int, double>();
        var orders = 0;
        Visit([.. counts], 0, 0);
        return sums.ToDictionary(one => one.Key, one => one.Value / orders);

        void Visit(int[] order, int place, int sum)
        {
            if (place == order.Length)
            {
                sums[sum] = sums.GetValueOrDefault(sum) + 1;
                orders++;
                return;
            }

            for (var i = place; i < order.Length; i++)
            {
                (order[place], order[i]) = (order[i], order[place]);
                Visit(order, place + 1, sum + (place * order[place]));
                (order[place], order[i]) = (order[i], order[place]);
            }
        }
    }

    private static Dictionary<int, double> Add(Dictionary<int, double> one, Dictionary<int, double> other)
    {
        var sums = new Dictionary<int, double>();
        foreach (var (x, p) in one)
        {
            foreach (var (y, q) in other)
            {
                sums[x + y] = sums.GetValueOrDefault(x + y) + (p * q);
            }
        }

        return sums;
    }
}
