using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>IS (arXiv 1606.03498): exp E KL(p(y|x) ‖ p(y)).</summary>
public static class InceptionScore
{
    /// <summary>logits [N, classes]; the mean over <paramref name="splits"/> consecutive parts.</summary>
    public static double Of(Tensor logits, int splits)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = F.log_softmax(logits.to(float64), 1);
        var count = logits.shape[0];
        var scores = Enumerable.Range(0, splits).Select(i =>
        {
            var log = all.slice(0, i * count / splits, (i + 1) * count / splits, 1);
            var p = log.exp();
            var marginal = p.mean([0], keepdim: true).log();
            return (p * (log - marginal)).sum(1).mean().exp().item<double>();
        });
        return scores.Average();
    }
}
