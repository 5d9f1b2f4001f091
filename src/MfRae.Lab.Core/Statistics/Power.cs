using System.Collections.Concurrent;
using System.Globalization;
using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>What an experiment of a given size can show, known before it runs.</summary>
public static class Power
{
    /// <summary>The power at which the minimum detectable effect is stated.</summary>
    public const double Usual = 0.8;

    /// <summary>The assumed correlation of the contrasts of a family: that of independent arms with one baseline.</summary>
    public const double Correlation = 0.5;

    // Enough for a standard error of the power below 0.7 points.
    private const int Simulations = 4_000;
    private const int LargestExact = 10;
    private const int DrawnFlips = 1_023;
    private const int MostContrasts = 24;
    private const int MostSimulated = 32;

    private static readonly ConcurrentDictionary<(int Seeds, int Contrasts), double?> Known = new();

    /// <summary>The fewest seeds with which a difference can be significant, whatever the number of contrasts: six.</summary>
    public static int SeedsNeeded()
    {
        var seeds = 1;
        while (MaxT.SmallestPValue(seeds) > MaxT.Level)
        {
            seeds++;
        }

        return seeds;
    }

    /// <summary>
    /// The distance beyond the smallest relevant effect at which a contrast is found with a probability of 80 %, in standard deviations of its
    /// values over seeds. Simulated with normal values and a fixed seed; the other contrasts of the family are at their margins.
    /// </summary>
    /// <returns>Null if no effect can be significant.</returns>
    public static double? DetectableEffect(int seeds, int contrasts) => Known.GetOrAdd(
        (seeds, Math.Clamp(contrasts, 1, MostContrasts)), static size => Simulate(size.Seeds, size.Contrasts, Correlation, Usual));

    /// <summary>The effect at which a share of simulated experiments rejects the hypothesis that it is zero; see <see cref="DetectableEffect"/>.</summary>
    /// <param name="correlation">Correlation of the contrasts over seeds.</param>
    public static double? Simulate(int seeds, int contrasts, double correlation, double power)
    {
        if (MaxT.SmallestPValue(seeds) > MaxT.Level)
        {
            return null;
        }

        if (seeds > MostSimulated)
        {
            // Many seeds: Student's t with Bonferroni's correction.
            return (StudentT.InvCDF(0, 1, seeds - 1, 1 - (MaxT.Level / 2 / contrasts)) + Normal.InvCDF(0, 1, power)) / Math.Sqrt(seeds);
        }

        var flips = Flips.Of(seeds, LargestExact, DrawnFlips, 0);
        var noise = new NormalNoise("power");
        // An effect moves its interval and nothing else, so it is found if it is larger than the distance of the lower end from zero.
        var found = new double[Math.Max(500, Simulations / Math.Max(1, contrasts / 4))];
        for (var run = 0; run < found.Length; run++)
        {
            var test = new MaxT([.. noise.Contrasts(seeds, contrasts, correlation).Select(values => new ContrastValues(values))], flips);
            found[run] = -test.Of(0).Interval!.Value.Low;
        }

        Array.Sort(found);
        return Bootstrap.Quantile(found, power);
    }

    /// <summary>The sentences that a plan prints before a run, and a report shows after it.</summary>
    /// <param name="seeds">Seeds of the contrast with the fewest.</param>
    /// <param name="contrasts">Contrasts of the family.</param>
    /// <param name="margin">The smallest relevant effect, or null.</param>
    /// <param name="spread">The standard deviation of earlier results, or null.</param>
    public static string Describe(int seeds, int contrasts, EffectScale scale, double? margin = null, EarlierSpread? spread = null)
    {
        if (contrasts < 1)
        {
            return "There are no contrasts.";
        }

        var smallest = MaxT.SmallestPValue(seeds);
        var design = $"With {Count(seeds, "seed")} and {Count(contrasts, "contrast")}";
        if (smallest > MaxT.Level)
        {
            return $"{design} no difference can be significant (smallest possible {ComparisonText.P(smallest)}). Run {SeedsNeeded()} seeds.";
        }

        var possible = $"{design} a consistent difference can be significant (smallest possible {ComparisonText.P(smallest)}).";
        var multiple = DetectableEffect(seeds, contrasts)!.Value;
        var unit = scale == EffectScale.LogRatio ? "the paired log ratios" : "the paired differences";
        var beyond = margin is null ? "" : " beyond the smallest relevant effect";
        var text = FormattableString.Invariant(
            $"{possible} Minimum detectable effect at 80 % power: {multiple:0.00} standard deviations of {unit}{beyond}");
        return spread is null
            ? text + "."
            : $"{text}; with {Size(scale, spread.Deviation)}, as in {spread.Source}, this is an effect of {Size(scale, (margin ?? 0) + (multiple * spread.Deviation))}.";
    }

    private static string Size(EffectScale scale, double value) => scale == EffectScale.LogRatio
        ? ComparisonText.Percent(Math.Exp(value) - 1)
        : value.ToString("G3", CultureInfo.InvariantCulture);

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}

/// <summary>The spread of paired effects in earlier results of the same metric, which predicts that of the next experiment.</summary>
/// <param name="Deviation">Standard deviation over seeds.</param>
/// <param name="Source">The name of the experiment, and its number of seeds.</param>
public sealed record EarlierSpread(double Deviation, string Source)
{
    private const int FewestSeeds = 3;

    /// <summary>The median over the contrasts of the experiment with the most seeds; null without earlier results.</summary>
    /// <param name="records">The experiments in the database.</param>
    /// <param name="metric">The primary metric.</param>
    public static EarlierSpread? Of(IEnumerable<ExperimentRecord> records, string metric)
    {
        var best = records
            .Where(record => record.PrimaryMetric == metric)
            .Select(record => (record.Name, Tests: ExperimentComparison.Of(record, metric).Comparisons
                .Where(result => !result.IsRanked && result.Test is { Count: >= FewestSeeds, Deviation: > 0 })
                .Select(result => result.Test!).ToArray()))
            .Where(record => record.Tests.Length > 0)
            .OrderByDescending(record => record.Tests.Max(test => test.Count))
            .ThenBy(record => record.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best.Tests is null)
        {
            return null;
        }

        double[] deviations = [.. best.Tests.Select(test => test.Deviation!.Value).Order()];
        return new(Bootstrap.Quantile(deviations, 0.5), $"{best.Name} (n {best.Tests.Max(test => test.Count)})");
    }
}

/// <summary>Normal values of correlated contrasts, from a fixed seed.</summary>
public sealed class NormalNoise
{
    private readonly SplitMix _random;

    /// <summary>Starts the sequence of a purpose.</summary>
    public NormalNoise(string purpose, long seed = 0) => _random = new((ulong)Seed.For(seed, purpose));

    /// <summary>A value of the standard normal distribution.</summary>
    public double Next() => Normal.InvCDF(0, 1, Uniform());

    /// <summary>A value between 0 and 1.</summary>
    public double Uniform() => ((_random.Next() >> 11) + 0.5) / (1UL << 53);

    /// <summary>Values with mean 0, standard deviation 1 and the same correlation of all contrasts within a seed.</summary>
    public double[][] Contrasts(int seeds, int contrasts, double correlation)
    {
        var values = new double[contrasts][];
        for (var k = 0; k < contrasts; k++)
        {
            values[k] = new double[seeds];
        }

        for (var seed = 0; seed < seeds; seed++)
        {
            var common = Math.Sqrt(correlation) * Next();
            foreach (var contrast in values)
            {
                contrast[seed] = common + (Math.Sqrt(1 - correlation) * Next());
            }
        }

        return values;
    }
}
