using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Statistics as the lab's own files hold them, those of a stage and those that `evaluate` saves.</summary>
internal static class OwnStatistics
{
    public static List<(string Name, Tensor Value)> Tensors(FeatureStatistics pool, FeatureStatistics? spatial) =>
    [
        (StatisticsNames.Mean, pool.Mean), (StatisticsNames.Covariance, pool.Covariance),
        .. spatial is null ? Array.Empty<(string, Tensor)>()
            : [(StatisticsNames.SpatialMean, spatial.Mean), (StatisticsNames.SpatialCovariance, spatial.Covariance)],
    ];

    /// <exception cref="LabException">The file holds no statistics; it is named.</exception>
    public static (FeatureStatistics Pool, FeatureStatistics? Spatial) Read(TensorFile file)
    {
        FeatureStatistics Pair(string mean, string covariance) => new FeatureStatistics(file[mean], file[covariance]).Checked(file.Path);
        return (
            Pair(StatisticsNames.Mean, StatisticsNames.Covariance),
            file.Tensors.ContainsKey(StatisticsNames.SpatialMean)
                ? Pair(StatisticsNames.SpatialMean, StatisticsNames.SpatialCovariance)
                : null);
    }
}
