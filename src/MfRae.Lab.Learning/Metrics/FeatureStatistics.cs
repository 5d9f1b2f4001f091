using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Mean and covariance of features, what FID needs of a set of images.</summary>
/// <param name="Mean">float64 [F].</param>
/// <param name="Covariance">float64 [F, F], divided by n - 1.</param>
public sealed record FeatureStatistics(Tensor Mean, Tensor Covariance)
{
    // Files that keep float32 are symmetric to their rounding.
    private const double Asymmetry = 1e-6;

    /// <summary>features [N, F], N ≥ 2.</summary>
    /// <exception cref="LabException">Fewer than two rows, or features that are not finite.</exception>
    public static FeatureStatistics Of(Tensor features)
    {
        using var moments = new FeatureMoments();
        moments.Add(features);
        return moments.Statistics();
    }

    /// <summary>These statistics, in float64, if they can be some.</summary>
    /// <param name="source">Where they come from, for the message.</param>
    /// <exception cref="LabException">Shapes that do not fit, values that are not finite, a covariance that is not symmetric.</exception>
    public FeatureStatistics Checked(string source)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        if (Mean.dim() != 1 || Covariance.dim() != 2 || Covariance.shape[0] != Mean.shape[0] || Covariance.shape[1] != Mean.shape[0])
        {
            throw new LabException($"{source}: a mean of shape [{string.Join(", ", Mean.shape)}] and a covariance of shape "
                + $"[{string.Join(", ", Covariance.shape)}] do not belong together; [F] and [F, F] are needed");
        }
        if (!Mean.isfinite().all().item<bool>() || !Covariance.isfinite().all().item<bool>())
            throw new LabException($"{source}: mean or covariance hold NaN or infinite values");
        var largest = Covariance.to(float64).abs().max().item<double>();
        if ((Covariance - Covariance.t()).abs().max().to(float64).item<double>() > Asymmetry * largest)
            throw new LabException($"{source}: the covariance is not symmetric");
        if (Covariance.diagonal().min().to(float64).item<double>() < -Asymmetry * largest)
            throw new LabException($"{source}: the covariance has negative variances");
        return new(Wide(Mean), Wide(Covariance));
    }

    private static Tensor Wide(Tensor given) => given.dtype == float64 ? given : given.to(float64).MoveToOuterDisposeScope();
}
