using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// FID∞ (arXiv 1911.07023): FID of growing random subsets is nearly linear in 1/n; the value at 1/n = 0 has no bias in the number
/// of samples (docs/method.md §9).
/// </summary>
/// <param name="Sizes">Rows of the subsets, ascending; each holds the ones before.</param>
/// <param name="Distances">FID of each.</param>
/// <param name="Intercept">The least-squares line at 1/n = 0.</param>
/// <param name="Range">95 % interval, or null.</param>
public sealed record FrechetExtrapolation(
    IReadOnlyList<long> Sizes, IReadOnlyList<double> Distances, double Intercept, Interval? Range)
{
    /// <param name="features">[N, F]; N ≥ 2F, below which FID is not linear in 1/n.</param>
    /// <param name="sizes">How many subsets.</param>
    /// <exception cref="LabException">Too few rows.</exception>
    public static FrechetExtrapolation Of(Tensor features, FrechetReference reference, int sizes, Resamples resamples)
    {
        var (count, dimensions) = (features.shape[0], features.shape[1]);
        if (count < 2 * dimensions || count < 2 * sizes)
        {
            throw new LabException($"fidInfinity extrapolates from subsets that hold more images than features have dimensions: {count} samples of "
                + $"{dimensions} dimensions are too few, at least {Math.Max(2 * dimensions, 2 * sizes)} are needed");
        }
        using var scope = NewDisposeScope();
        var order = new RandomSource(0, CPU).Permutation("fidInfinity", 0, count);
        var smallest = Math.Max(Math.Max(count / 10, sizes), Math.Min(count / 2, dimensions + 1));
        long[] rows = [.. Enumerable.Range(0, sizes).Select(i => smallest + ((count - smallest) * i / (sizes - 1)))];
        using var moments = new FeatureMoments("the samples");
        var distances = new double[sizes];
        for (var i = 0; i < sizes; i++)
        {
            using var subset = NewDisposeScope();
            moments.Add(features.index_select(0, order.slice(0, moments.Count, rows[i], 1)));
            distances[i] = reference.Distance(moments.Statistics());
        }
        var weights = InterceptWeights(rows);
        var intercept = weights.Zip(distances, (weight, distance) => weight * distance).Sum();
        if (resamples.Draws == 0)
            return new(rows, distances, intercept, null);

        // A sample counts in every subset that holds it, so the intercept is moved by its influence times the sum of weight / size.
        var influences = reference.Estimate(features, moments.Statistics()).Influences;
        var places = order.data<long>().ToArray();
        var moved = new double[count];
        for (long place = 0, first = 0; place < count; place++)
        {
            while (rows[first] <= place)
                first++;
            var share = 0.0;
            for (var i = first; i < sizes; i++)
                share += weights[i] / rows[i];
            moved[places[place]] = influences[places[place]] * share * count;
        }
        return new(rows, distances, intercept, Resamples.About(intercept, resamples.Shifts(moved)));
    }

    /// <summary>The least-squares intercept in 1/n is the sum of these times the values.</summary>
    private static double[] InterceptWeights(long[] rows)
    {
        double[] inverse = [.. rows.Select(row => 1.0 / row)];
        var mean = inverse.Average();
        var spread = inverse.Sum(x => (x - mean) * (x - mean));
        return [.. inverse.Select(x => (1.0 / rows.Length) - (mean * (x - mean) / spread))];
    }
}
