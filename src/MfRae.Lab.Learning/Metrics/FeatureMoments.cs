using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Mean and covariance of features that come in batches and are not kept. Sums are in float64 about a pilot, the mean of the
/// first batch, so that a large common offset cancels nothing (docs/method.md §9).
/// </summary>
/// <param name="what">What the features are of, for messages.</param>
public sealed class FeatureMoments(string what = "the images") : IDisposable
{
    private Tensor? _pilot;
    private Tensor? _sum;
    private Tensor? _products;

    /// <summary>Rows so far.</summary>
    public long Count { get; private set; }

    /// <summary>features [n, F] of any floating type.</summary>
    /// <exception cref="LabException">Features that are not finite, or of another dimension than those before.</exception>
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

    /// <summary>Of all rows so far, which may become more afterwards.</summary>
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
