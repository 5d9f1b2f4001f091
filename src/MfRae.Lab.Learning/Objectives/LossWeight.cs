using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The loss of a batch from each sample's error (docs/method.md §2).</summary>
public static class LossWeight
{
    /// <summary>difference [B, C, H, W] → a scalar. The weight itself is held fixed.</summary>
    public static Tensor Apply(LossWeightOptions options, Tensor difference)
    {
        var error = Error(options, difference);
        return (error / Divisor(options, error)).mean();
    }

    /// <summary>The error that the weight is of: M, S or S². [B, C, H, W] → [B].</summary>
    public static Tensor Error(LossWeightOptions options, Tensor difference)
    {
        var squared = difference.square();
        long[] inner = [1, 2, 3];
        return options switch
        {
            PlainLossWeightOptions or AdaptiveLossWeightOptions => squared.mean(inner),
            AdaptiveSumLossWeightOptions => squared.sum(inner),
            ReleasedLossWeightOptions => squared.sum(inner).square(),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no error"),
        };
    }

    /// <summary>One over the weight: what the error [B] is divided by, without gradient.</summary>
    public static Tensor Divisor(LossWeightOptions options, Tensor error) => options switch
    {
        PlainLossWeightOptions => ones_like(error),
        AdaptiveLossWeightOptions adaptive => Power(error, adaptive.Offset, adaptive.Power),
        AdaptiveSumLossWeightOptions adaptive => Power(error, adaptive.Offset, adaptive.Power),
        ReleasedLossWeightOptions released => Power(error, released.Offset, released.Power),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no weight"),
    };

    private static Tensor Power(Tensor error, double offset, double power) => (error.detach() + offset).pow(power);
}
