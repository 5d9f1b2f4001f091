using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Features whose distances are asked for.</summary>
internal sealed class FeatureRows
{
    /// <param name="features">[N, F] in float32, or in float64, which is kept for what float32 cannot decide.</param>
    /// <param name="what">What the features are of, for messages.</param>
    /// <exception cref="LabException">Features that are not finite, or no rows.</exception>
    public FeatureRows(Tensor features, string what)
    {
        if (features.dim() != 2 || features.shape[0] == 0)
            throw new LabException($"{what} have no rows of features: their shape is [{string.Join(", ", features.shape)}]");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var norms = empty(features.shape[0], dtype: float64);
        foreach (var (start, end) in Blocks.Of(features.shape[0], features.shape[1] * sizeof(double)))
        {
            using var block = NewDisposeScope();
            norms.slice(0, start, end, 1).copy_(features.slice(0, start, end, 1).to(float64).square().sum([1]));
        }
        if (!norms.isfinite().all().item<bool>())
            throw new LabException($"{what} hold features that are not finite: images or the feature network are damaged");
        Features = features;
        // An own name of the same numbers, so that the caller's stays with its scope.
        Single = features.dtype == float32 ? features.alias().MoveToOuterDisposeScope() : features.to(float32).MoveToOuterDisposeScope();
        LargestNorm = Math.Sqrt(norms.max().item<double>());
        SquaredNorms = norms.MoveToOuterDisposeScope();
    }

    /// <summary>These, for longer than the dispose scope that they were made in.</summary>
    public FeatureRows Kept()
    {
        Single.DetachFromDisposeScope();
        SquaredNorms.DetachFromDisposeScope();
        return this;
    }

    /// <summary>As they were given.</summary>
    public Tensor Features { get; }

    /// <summary>The same in float32.</summary>
    public Tensor Single { get; }

    /// <summary>float64 [N].</summary>
    public Tensor SquaredNorms { get; }

    public double LargestNorm { get; }

    public long Count => Features.shape[0];

    public long Dimensions => Features.shape[1];
}
