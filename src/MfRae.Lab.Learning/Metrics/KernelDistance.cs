using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// KID (arXiv 1801.01401): the unbiased squared maximum mean discrepancy under the kernel (x·y / F + 1)³. Unlike FID it has no bias in
/// the number of samples.
/// </summary>
/// <param name="Subsets">One value for each pair of subsets; about zero, of either sign, for equal distributions.</param>
/// <param name="Size">Rows of a subset.</param>
public sealed record KernelDistance(IReadOnlyList<double> Subsets, int Size)
{
    public double Mean => Subsets.Average();

    /// <summary>Over the subsets, divided by their number.</summary>
    public double Deviation => Math.Sqrt(Subsets.Average(value => (value - Mean) * (value - Mean)));

    /// <summary>
    /// samples [N, F] against reference [M, F] as torch-fidelity: subsets without replacement, drawn in turn for samples and reference.
    /// </summary>
    /// <param name="size">Rows of a subset; N or M where that is less.</param>
    /// <param name="order">int64 [N]: the rows of the samples in the order of their files, which torch-fidelity draws from; null where they
    /// are in it.</param>
    /// <exception cref="LabException">Fewer than two rows on a side, or other dimensions.</exception>
    public static KernelDistance Of(Tensor samples, Tensor reference, int subsets = 100, int size = 1000, uint seed = 2020, Tensor? order = null)
    {
        var rows = (int)Math.Min(size, Math.Min(samples.shape[0], reference.shape[0]));
        if (rows < 2)
            throw new LabException($"kid needs two images on each side: there are {samples.shape[0]} samples and {reference.shape[0]} others");
        if (samples.shape[1] != reference.shape[1])
        {
            throw new LabException(
                $"features of {samples.shape[1]} dimensions cannot be compared with reference features of {reference.shape[1]}");
        }
        var random = new NumpyRandom(seed);
        Tensor Draw(Tensor features, Tensor? given)
        {
            var drawn = tensor(random.Permutation((int)features.shape[0]).AsSpan(0, rows).ToArray(), device: features.device);
            return features.index_select(0, given is null ? drawn : given.index_select(0, drawn));
        }
        var values = new double[subsets];
        for (var i = 0; i < subsets; i++)
        {
            using var scope = NewDisposeScope();
            values[i] = Between(Draw(samples, order), Draw(reference, null));
        }
        return new(values, rows);
    }

    /// <summary>One estimate from all rows of first [N, F] and second [M, F], in float64.</summary>
    public static double Between(Tensor first, Tensor second)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (x, y) = (first.to(float64), second.to(float64));
        return (Within(x) + Within(y) - (2 * Kernel(x, y).mean())).item<double>();
    }

    /// <summary>
    /// By how much each draw moves the mean of the subsets: the samples by their influences on the estimate of all rows, and the choice of
    /// subsets by drawing among their values.
    /// </summary>
    /// <param name="influences">Of <see cref="NeighbourScores"/>.</param>
    public double[] Shifts(double[] influences, Resamples resamples) =>
        [.. resamples.Shifts(influences).Zip(resamples.Shifts([.. Subsets], "subsets"), (samples, subsets) => samples + subsets)];

    // The mean over pairs of different rows.
    private static Tensor Within(Tensor x)
    {
        var kernel = Kernel(x, x);
        var count = x.shape[0];
        return (kernel.sum() - kernel.trace()) / (count * (count - 1.0));
    }

    private static Tensor Kernel(Tensor x, Tensor y) => x.mm(y.t()).div_(x.shape[1]).add_(1).pow_(3);
}
