using MfRae.Lab.Core.Options;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The loss of a batch from each sample's error (docs/method.md §2).</summary>
public static class LossWeight
{
    /// <summary>difference [B, C, H, W] → a scalar. The weight itself is held fixed.</summary>
    public static Tensor Apply(LossWeightOptions options, Tensor difference)
    {
        var squared = difference.square();
        long[] inner = [1, 2, 3];
        switch (options)
        {
            case PlainLossWeightOptions:
                return squared.mean();
            case AdaptiveLossWeightOptions adaptive:
                var mean = squared.mean(inner);
                return (mean / (mean.detach() + adaptive.Offset).pow(adaptive.Power)).mean();
            case ReleasedLossWeightOptions released:
                var square = squared.sum(inner).square();
                return (square / (square.detach() + released.Offset).pow(released.Power)).mean();
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no weight");
        }
    }
}
