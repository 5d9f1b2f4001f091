using System.Globalization;
using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>FID within each class: a class that collapsed or drifted shows where the distance of all samples hides it.</summary>
/// <param name="Classes">Labels, ascending.</param>
/// <param name="Distances">FID of each.</param>
/// <param name="Shifts">How far each draw moves each, or empty arrays.</param>
public sealed record ClassFrechet(IReadOnlyList<long> Classes, IReadOnlyList<double> Distances, IReadOnlyList<double[]> Shifts)
{
    public double Mean => Distances.Average();

    public double Worst => Distances.Max();

    /// <summary>How far each draw moves the mean.</summary>
    public double[] MeanShifts =>
        [.. Enumerable.Range(0, Shifts[0].Length).Select(draw => Shifts.Average(shifts => shifts[draw]))];

    /// <summary>samples [N, F] and reference [M, F] with labels int64 [N] and [M].</summary>
    /// <exception cref="LabException">A class with fewer than two images on a side; it is named.</exception>
    public static ClassFrechet Of(Tensor samples, Tensor labels, Tensor reference, Tensor referenceLabels, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        var (unique, _, _) = labels.unique();
        long[] classes = [.. unique.data<long>().ToArray().Order()];
        var distances = new double[classes.Length];
        var shifts = new double[classes.Length][];
        for (var i = 0; i < classes.Length; i++)
        {
            using var each = NewDisposeScope();
            var own = Rows(samples, labels, classes[i], "samples");
            var others = FrechetReference.OfFeatures(Rows(reference, referenceLabels, classes[i], "reference images"));
            if (resamples.Draws == 0)
            {
                (distances[i], shifts[i]) = (others.Distance(own), []);
                continue;
            }
            var estimate = others.Estimate(own);
            var stratum = string.Create(CultureInfo.InvariantCulture, $"class {classes[i]}");
            (distances[i], shifts[i]) = (estimate.Distance, resamples.Shifts(estimate.Influences, stratum));
        }
        return new(classes, distances, shifts);
    }

    private static Tensor Rows(Tensor features, Tensor labels, long label, string what)
    {
        var rows = labels.eq(label).nonzero().flatten();
        return rows.shape[0] >= 2
            ? features.index_select(0, rows)
            : throw new LabException($"classFid needs two images of each class: class {label} has {rows.shape[0]} among the {what}");
    }
}
