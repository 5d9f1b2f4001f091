using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The loss of a batch from each sample's error (docs/method.md §2).</summary>
public static class LossWeight
{
    /// <summary>difference [B, C, H, W] → a scalar. The weight is a constant in the gradient.</summary>
    /// <param name="timeWeight">Multiplies the loss of each sample [B]; null: 1.</param>
    public static Tensor Apply(LossWeightOptions options, Tensor difference, Tensor? timeWeight = null)
    {
        var loss = Weighted(options, Error(options, difference));
        return (timeWeight is null ? loss : loss * timeWeight).mean();
    }

    /// <summary>The loss of each sample from its error, both [B].</summary>
    public static Tensor Weighted(LossWeightOptions options, Tensor error) =>
        options is CauchyLossWeightOptions cauchy ? (error / cauchy.Offset).log1p() : error / Divisor(options, error);

    /// <summary>The error that is weighted: M, S or S². [B, C, H, W] → [B].</summary>
    public static Tensor Error(LossWeightOptions options, Tensor difference)
    {
        var squared = difference.square();
        long[] inner = [1, 2, 3];
        return options switch
        {
            PlainLossWeightOptions or AdaptiveLossWeightOptions or CauchyLossWeightOptions => squared.mean(inner),
            AdaptiveSumLossWeightOptions => squared.sum(inner),
            ReleasedLossWeightOptions => squared.sum(inner).square(),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no error"),
        };
    }

    /// <summary>The divisor of the error [B], one over the weight, without gradient.</summary>
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
