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
        var scores = F.log_softmax(logits.to(float64), 1).tensor_split(splits, 0).Select(log =>
        {
            var p = log.exp();
            var marginal = p.mean([0], keepdim: true).log();
            return (p * (log - marginal)).sum(1).mean().exp().item<double>();
        });
        return scores.Average();
    }
}
