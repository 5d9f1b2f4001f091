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

    // The counts of this many rows are in memory at a time, a byte each.
    private const long CountedRows = 64L << 20;

    private readonly RandomSource _random = new(0, CPU);

    // Of the last number of rows; the metrics of a set have the same number.
    private Tensor? _counts;

    /// <summary>The number of resamples.</summary>
    public int Draws => draws;

    /// <summary>The rows of a draw, int64 [count].</summary>
    /// <param name="stratum">The number of the set, if several independent sets are drawn from.</param>
    public Tensor Rows(int draw, long count, string stratum = "") =>
        _random.Integers(stratum.Length == 0 ? "bootstrap" : $"bootstrap/{stratum}", draw, count, count);

    /// <summary>Visits the number of times that each row is in each draw.</summary>
    /// <param name="visit">Receives the first draw and the counts uint8 [some draws, count] of consecutive draws.</param>
    /// <param name="stratum">The number of the set, if several independent sets are drawn from.</param>
    public void ForCounts(long count, Action<int, Tensor> visit, string stratum = "")
    {
        using var quiet = no_grad();
        if (stratum.Length == 0 && draws * count <= CountedRows)
        {
            if (_counts?.shape[1] != count)
            {
                _counts?.Dispose();
                _counts = CountsOf(0, draws, count, stratum).DetachFromDisposeScope();
            }

            visit(0, _counts);
            return;
        }

        var block = (int)Math.Clamp(CountedRows / count, 1, draws);
        for (var first = 0; first < draws; first += block)
        {
            using var scope = NewDisposeScope();
            visit(first, CountsOf(first, Math.Min(draws, first + block), count, stratum));
        }
    }

    /// <summary>The change in each draw of a statistic that is the mean of these values.</summary>
    public double[] Shifts(double[] influences, string stratum = "")
    {
        using var scope = NewDisposeScope();
        var all = tensor(influences);
        var (shifts, centre) = (new double[draws], all.mean().item<double>());
        ForParts(influences.Length, stratum, sizeof(double), (first, counts) => Store(shifts, first, counts.to(float64).mv(all) / influences.Length - centre));
        return shifts;
    }

    /// <summary>The median of these values in each draw.</summary>
    public double[] Medians(double[] values)
    {
        using var scope = NewDisposeScope();
        var (sorted, order) = tensor(values).sort();
        var medians = new double[draws];
        ForParts(values.Length, "", sizeof(long), (first, counts) =>
        {
            // The value of rank k among the drawn rows is the first whose cumulative count exceeds k.
            var cumulative = counts.index_select(1, order).cumsum(1);
            Tensor Ranked(long rank) => sorted.index_select(0, cumulative.le(rank).sum(1));
            Store(medians, first, (Ranked((values.Length - 1) / 2) + Ranked(values.Length / 2)) / 2);
        });
        return medians;
    }

    // Small parts of the counts, because they are converted to wider numbers.
    private void ForParts(long count, string stratum, long bytes, Action<int, Tensor> visit)
    {
        if (draws == 0)
            return;
        ForCounts(count, (first, counts) =>
        {
            foreach (var (start, end) in Blocks.Of(counts.shape[0], count * bytes))
            {
                using var scope = NewDisposeScope();
                visit(first + (int)start, counts.slice(0, start, end, 1));
            }
        }, stratum);
    }

    private Tensor CountsOf(int first, int end, long count, string stratum)
    {
        // A row is in a draw more than 255 times with negligible probability.
        var counts = empty(end - first, count, dtype: uint8);
        for (var draw = first; draw < end; draw++)
        {
            using var scope = NewDisposeScope();
            counts[draw - first].copy_(Rows(draw, count, stratum).bincount(null, count));
        }

        return counts;
    }

    private static void Store(double[] values, int first, Tensor part) => part.data<double>().ToArray().CopyTo(values, first);

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
