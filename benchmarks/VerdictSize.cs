using System.Globalization;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Benchmarks;

/// <summary>How often verdicts are false where they are hardest, with effects exactly at the margin, and the power that `plan` states.</summary>
internal static class VerdictSize
{
    private const double Margin = 1;

    public static void Run(int draws)
    {
        Console.WriteLine($"False verdicts in {draws:#,0} experiments, any contrast of the family; standard deviation and margin 1.");
        Console.WriteLine();
        Console.WriteLine("| values | seeds | contrasts | correlation | better or worse, % | equivalent, % |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, shape) in Shapes())
        {
            foreach (var (seeds, contrasts, correlation) in new[] { (6, 1, 0.5), (8, 1, 0.5), (6, 4, 0.5), (8, 4, 0.5), (6, 4, 0.98), (8, 4, 0.98) })
            {
                var (beyond, within) = False(shape, seeds, contrasts, correlation, draws);
                Console.WriteLine(FormattableString.Invariant(
                    $"| {name} | {seeds} | {contrasts} | {(contrasts == 1 ? "–" : correlation.ToString(CultureInfo.InvariantCulture))} | {100 * beyond:0.0} | {100 * within:0.0} |"));
            }
        }

        Console.WriteLine();
        Console.WriteLine("| seeds | contrasts | detectable effect (sd beyond the margin) | power, % |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (seeds, contrasts) in new[] { (6, 1), (8, 1), (12, 1), (6, 4), (8, 4) })
        {
            var effect = Power.DetectableEffect(seeds, contrasts)!.Value;
            Console.WriteLine(FormattableString.Invariant($"| {seeds} | {contrasts} | {effect:0.00} | {100 * Found(seeds, contrasts, effect, draws):0.0} |"));
        }
    }

    /// <summary>Distributions with mean 0 and standard deviation 1, as functions of a normal value.</summary>
    private static IEnumerable<(string Name, Func<double, double> Of)> Shapes()
    {
        yield return ("normal", value => value);
        yield return ("exponential", value => -Math.Log(MathNet.Numerics.Distributions.Normal.CDF(0, 1, -value)) - 1);
        yield return ("exponential, negative", value => 1 + Math.Log(MathNet.Numerics.Distributions.Normal.CDF(0, 1, -value)));
        // exp of a normal value with σ = 1.
        var (mean, deviation) = (Math.Exp(0.5), Math.Sqrt((Math.E - 1) * Math.E));
        yield return ("log-normal", value => (Math.Exp(value) - mean) / deviation);
    }

    private static (double Beyond, double Within) False(Func<double, double> shape, int seeds, int contrasts, double correlation, int draws)
    {
        var noise = new NormalNoise("verdict-size");
        var (beyond, within) = (0, 0);
        for (var draw = 0; draw < draws; draw++)
        {
            // Effects alternate between both margins.
            var test = new MaxT([.. noise.Contrasts(seeds, contrasts, correlation).Select((column, k) =>
                new ContrastValues([.. column.Select(value => (k % 2 == 0 ? Margin : -Margin) + shape(value))], Margin))]);
            SimultaneousTest[] results = [.. Enumerable.Range(0, contrasts).Select(test.Of)];
            beyond += results.Any(result => result.Beyond <= MaxT.Level) ? 1 : 0;
            within += results.Any(result => result.Inside <= MaxT.Level) ? 1 : 0;
        }

        return (beyond / (double)draws, within / (double)draws);
    }

    /// <summary>The share of experiments that find the effect of the first contrast, the others being at their margins.</summary>
    private static double Found(int seeds, int contrasts, double effect, int draws)
    {
        var noise = new NormalNoise("verdict-power");
        var found = 0;
        for (var draw = 0; draw < draws; draw++)
        {
            var test = new MaxT([.. noise.Contrasts(seeds, contrasts, Power.Correlation).Select((column, k) =>
                new ContrastValues([.. column.Select(value => Margin + (k == 0 ? effect : 0) + value)], Margin))]);
            found += test.Of(0) is { Beyond: <= MaxT.Level, Mean: > 0 } ? 1 : 0;
        }

        return found / (double)draws;
    }
}
