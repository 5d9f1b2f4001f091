using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Bootstrap over the samples with a fixed reference (docs/method.md §9). The rows of a draw are a function of the number of rows and of
/// the draw, so that the metrics of one set share them.
/// </summary>
/// <param name="draws">Resamples of each interval; 0: no intervals.</param>
public sealed class Resamples(int draws)
{
    private const double Tail = 0.025;

    private readonly RandomSource _random = new(0, CPU);

    /// <summary>The number of resamples.</summary>
    public int Draws => draws;

    /// <summary>The rows of a draw, int64 [count].</summary>
    /// <param name="stratum">The number of the set, if several independent sets are drawn from.</param>
    public Tensor Rows(int draw, long count, string stratum = "") =>
        _random.Integers(stratum.Length == 0 ? "bootstrap" : $"bootstrap/{stratum}", draw, count, count);

    /// <summary>The change in each draw of a statistic that is the mean of these values.</summary>
    public double[] Shifts(double[] influences, string stratum = "")
    {
        using var scope = NewDisposeScope();
        using var all = tensor(influences);
        var centre = all.mean();
        return Each(draw => (all.index_select(0, Rows(draw, influences.Length, stratum)).mean() - centre).item<double>());
    }

    /// <summary>A number for each draw.</summary>
    public double[] Each(Func<int, double> statistic)
    {
        var values = new double[draws];
        for (var draw = 0; draw < draws; draw++)
        {
            using var scope = NewDisposeScope();
            values[draw] = statistic(draw);
        }
        return values;
    }

    /// <summary>
    /// The 95 % interval around a value from the deviations of the draws from their mean. Resamples contain fewer different samples; the
    /// resulting bias of a statistic like IS is not part of its error.
    /// </summary>
    /// <param name="least">The lower bound of the statistic.</param>
    /// <param name="most">The upper bound of the statistic.</param>
    /// <returns>Null without draws.</returns>
    public static Interval? About(
        double value, double[] drawn, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        if (drawn.Length == 0)
            return null;
        double[] sorted = [.. drawn.Order()];
        var mean = drawn.Average();
        double End(double fraction) => Math.Clamp(value + Bootstrap.Quantile(sorted, fraction) - mean, least, most);
        return new(End(Tail), End(1 - Tail));
    }
}
