using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Mean and covariance of features, what FID needs of a set of images.</summary>
/// <param name="Mean">float64 [F].</param>
/// <param name="Covariance">float64 [F, F], divided by n - 1.</param>
public sealed record FeatureStatistics(Tensor Mean, Tensor Covariance)
{
    /// <summary>features [N, F], N ≥ 2.</summary>
    public static FeatureStatistics Of(Tensor features)
    {
        var wide = features.to(float64);
        var mean = wide.mean([0]);
        var centred = wide - mean;
        return new(mean, centred.t().mm(centred) / (wide.shape[0] - 1));
    }

    public void Save(string path) => Safetensors.Write(path, [("mean", Mean), ("covariance", Covariance)]);

    public static FeatureStatistics Load(string path)
    {
        var file = Safetensors.Read(path);
        return new(file["mean"], file["covariance"]);
    }
}
