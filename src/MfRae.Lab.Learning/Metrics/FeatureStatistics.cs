using MfRae.Lab.Core;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Mean and covariance of features, the input of FID.</summary>
/// <param name="Mean">float64 [F].</param>
/// <param name="Covariance">float64 [F, F], divided by n - 1.</param>
public sealed record FeatureStatistics(Tensor Mean, Tensor Covariance)
{
    // Covariances stored as float32 are symmetric up to rounding.
    private const double Asymmetry = 1e-6;

    /// <summary>Statistics of the features [N, F], N ≥ 2.</summary>
    /// <exception cref="LabException">Fewer than two rows, or features that are not finite.</exception>
    public static FeatureStatistics Of(Tensor features)
    {
        using var moments = new FeatureMoments();
        moments.Add(features);
        return moments.Statistics();
    }

    /// <summary>Checks the statistics and returns them in float64.</summary>
    /// <param name="source">The source of the statistics, for the message.</param>
    /// <exception cref="LabException">Shapes do not fit, values are not finite, or the covariance is not symmetric.</exception>
    public FeatureStatistics Checked(string source)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        if (Mean.dim() != 1 || Covariance.dim() != 2 || Covariance.shape[0] != Mean.shape[0] || Covariance.shape[1] != Mean.shape[0])
        {
            throw new LabException($"{source}: a mean of shape [{string.Join(", ", Mean.shape)}] and a covariance of shape "
                + $"[{string.Join(", ", Covariance.shape)}] do not fit together; [F] and [F, F] are needed");
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

/// <summary>
/// Mean and covariance of features that come in batches and are not kept. Sums are in float64 relative to the mean of the first batch,
/// so that a large common offset causes no cancellation (docs/method.md §9).
/// </summary>
/// <param name="what">The images in words, for messages.</param>
public sealed class FeatureMoments(string what = "the images") : IDisposable
{
    private Tensor? _pilot;
    private Tensor? _sum;
    private Tensor? _products;

    /// <summary>Rows so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds features [n, F] of any floating-point type.</summary>
    /// <exception cref="LabException">Features are not finite, or their dimension differs from that of the earlier ones.</exception>
    public void Add(Tensor features)
    {
        using var quiet = no_grad();
        if (features.dim() != 2 || features.shape[1] == 0)
            throw new LabException($"the features of {what} have shape [{string.Join(", ", features.shape)}]; [images, dimensions] is needed");
        if (_pilot is not null && _pilot.shape[0] != features.shape[1])
            throw new LabException($"features of {what} have {features.shape[1]} dimensions after others with {_pilot.shape[0]}");
        foreach (var (start, end) in Blocks.Of(features.shape[0], features.shape[1] * sizeof(double)))
        {
            using var scope = NewDisposeScope();
            AddBlock(features.slice(0, start, end, 1).to(float64, CPU));
        }
    }

    /// <summary>The statistics of all rows so far. More rows may follow.</summary>
    /// <exception cref="LabException">Fewer than two rows.</exception>
    public FeatureStatistics Statistics()
    {
        if (Count < 2)
            throw new LabException($"{Count} image{(Count == 1 ? " has" : "s have")} no covariance: {what} must be at least two");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var shift = _sum! / Count;
        var covariance = (_products! - outer(_sum!, shift)) / (Count - 1);
        return new((_pilot! + shift).MoveToOuterDisposeScope(), covariance.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pilot?.Dispose();
        _sum?.Dispose();
        _products?.Dispose();
    }

    private void AddBlock(Tensor wide)
    {
        var finite = wide.isfinite().all(1);
        if (!finite.all().item<bool>())
        {
            var row = Count + finite.to(int64).argmin().item<long>();
            throw new LabException($"the features of image {row} of {what} are not finite: the image or the feature network is damaged");
        }
        if (_pilot is null)
        {
            var size = wide.shape[1];
            _pilot = wide.mean([0]).DetachFromDisposeScope();
            _sum = zeros(size, dtype: float64).DetachFromDisposeScope();
            _products = zeros(size, size, dtype: float64).DetachFromDisposeScope();
        }
        var centred = wide - _pilot;
        _sum!.add_(centred.sum([0]));
        _products!.addmm_(centred.t(), centred, 1, 1);
        Count += wide.shape[0];
    }
}

/// <summary>Ranges of rows whose intermediate results stay small.</summary>
internal static class Blocks
{
    /// <summary>The largest size of a block of an intermediate result, in bytes.</summary>
    public const long Bytes = 8L << 20;

    // The largest number of blocks whose results are in memory.
    private const int BetweenTrims = 8;

    /// <summary>Consecutive ranges that cover <paramref name="rows"/>.</summary>
    /// <param name="bytesPerRow">The bytes of a row of the largest intermediate result.</param>
    public static IEnumerable<(long Start, long End)> Of(long rows, long bytesPerRow)
    {
        var block = Math.Max(1, Bytes / Math.Max(1, bytesPerRow));
        for (long start = 0, count = 1; start < rows; start += block, count++)
        {
            yield return (start, Math.Min(rows, start + block));
            if (count % BetweenTrims == 0)
                NativeHeap.Trim();
        }
    }
}
