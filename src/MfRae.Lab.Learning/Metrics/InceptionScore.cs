using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>IS (arXiv 1606.03498): exp E KL(p(y|x) ‖ p(y)), the mean over parts of the samples; in float64.</summary>
/// <param name="Parts">The score of each part.</param>
public sealed record InceptionScore(IReadOnlyList<double> Parts)
{
    public double Mean => Parts.Average();

    /// <summary>Over the parts, divided by their number.</summary>
    public double Deviation => Math.Sqrt(Parts.Average(score => (score - Mean) * (score - Mean)));

    /// <summary>
    /// logits [N, classes] in <paramref name="splits"/> consecutive parts of about equal size. torch-fidelity shuffles the
    /// samples first, by <see cref="Numerics.NumpyRandom"/> of seed 2020.
    /// </summary>
    public static InceptionScore OfSplits(Tensor logits, int splits)
    {
        var count = logits.shape[0];
        return Of(logits, Enumerable.Range(0, splits).Select(i => (i * count / splits, (i + 1) * count / splits)));
    }

    /// <summary>
    /// logits [N, classes] in consecutive parts of <paramref name="size"/>, the last one shorter: ADM's form, with size 5,000.
    /// </summary>
    public static InceptionScore OfChunks(Tensor logits, long size)
    {
        var count = logits.shape[0];
        return Of(logits, Enumerable.Range(0, (int)((count + size - 1) / size)).Select(i => (i * size, Math.Min(count, (i + 1) * size))));
    }

    private static InceptionScore Of(Tensor logits, IEnumerable<(long Start, long End)> parts)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = F.log_softmax(logits.to(float64), 1);
        return new([.. parts.Select(part =>
        {
            var log = all.slice(0, part.Start, part.End, 1);
            var p = log.exp();
            var marginal = p.mean([0], keepdim: true).log();
            return (p * (log - marginal)).sum(1).mean().exp().item<double>();
        })]);
    }
}
