using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>IS (arXiv 1606.03498): exp E KL(p(y|x) ‖ p(y)), the mean over parts of the samples; in float64.</summary>
/// <param name="Parts">The score of each part.</param>
/// <param name="Drawn">The mean of the parts in each bootstrap draw, within parts; empty without draws.</param>
public sealed record InceptionScore(IReadOnlyList<double> Parts, double[] Drawn)
{
    // Class probabilities may underflow to zero, and 0 · log 0 must be 0.
    private const double Tiny = 1e-300;

    /// <summary>The mean over the parts.</summary>
    public double Mean => Parts.Average();

    /// <summary>The standard deviation over the parts; the divisor is their number.</summary>
    public double Deviation => Math.Sqrt(Parts.Average(score => (score - Mean) * (score - Mean)));

    /// <summary>The score of logits [N, classes] in <paramref name="splits"/> consecutive parts of about equal size.</summary>
    public static InceptionScore OfSplits(Tensor logits, int splits, Resamples? resamples = null)
    {
        var count = logits.shape[0];
        return Of(logits, [.. Enumerable.Range(0, splits).Select(i => (i * count / splits, (i + 1) * count / splits))], resamples);
    }

    /// <summary>The score in the order of torch-fidelity, which shuffles the samples first.</summary>
    public static InceptionScore OfShuffled(Tensor logits, int splits, Resamples? resamples = null, uint seed = 2020)
    {
        using var scope = NewDisposeScope();
        return OfSplits(logits.index_select(0, tensor(new NumpyRandom(seed).Permutation((int)logits.shape[0]))), splits, resamples);
    }

    /// <summary>
    /// The score of logits [N, classes] in consecutive parts of <paramref name="size"/>, the last part shorter: ADM's form has size 5,000.
    /// </summary>
    public static InceptionScore OfChunks(Tensor logits, long size, Resamples? resamples = null)
    {
        var count = logits.shape[0];
        return Of(
            logits, [.. Enumerable.Range(0, (int)((count + size - 1) / size)).Select(i => (i * size, Math.Min(count, (i + 1) * size)))], resamples);
    }

    private static InceptionScore Of(Tensor logits, IReadOnlyList<(long Start, long End)> parts, Resamples? resamples)
    {
        using var quiet = no_grad();
        var scores = new double[parts.Count];
        var drawn = new double[resamples?.Draws ?? 0];
        for (var i = 0; i < parts.Count; i++)
        {
            using var scope = NewDisposeScope();
            var part = logits.slice(0, parts[i].Start, parts[i].End, 1);
            scores[i] = Scores(part, ones(1, part.shape[0], dtype: uint8))[0];
            if (drawn.Length > 0)
            {
                resamples!.ForCounts(part.shape[0], (first, counts) =>
                {
                    foreach (var score in Scores(part, counts))
                        drawn[first++] += score / parts.Count;
                }, i == 0 ? "" : $"part {i}");
            }
        }
        return new(scores, drawn);
    }

    // Scores of logits [n, classes] with the multiplicities counts [draws, n]. A score needs only the mean negative entropy and the
    // marginal, which are linear in the counts.
    private static double[] Scores(Tensor logits, Tensor counts)
    {
        using var scope = NewDisposeScope();
        var entropies = zeros(counts.shape[0], dtype: float64);
        var marginals = zeros(counts.shape[0], logits.shape[1], dtype: float64);
        foreach (var (start, end) in Blocks.Of(logits.shape[0], Math.Max(logits.shape[1], counts.shape[0]) * sizeof(double)))
        {
            using var block = NewDisposeScope();
            var log = F.log_softmax(logits.slice(0, start, end, 1).to(float64), 1);
            var p = log.exp();
            var weights = counts.slice(1, start, end, 1).to(float64);
            entropies.add_(weights.mv((p * log).sum([1])));
            marginals.addmm_(weights, p, 1, 1);
        }
        marginals.div_(logits.shape[0]);
        return ((entropies / logits.shape[0]) - (marginals * marginals.clamp(min: Tiny).log()).sum([1])).exp().data<double>().ToArray();
    }
}
