namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What statistics are called in files.</summary>
internal static class StatisticsNames
{
    public const string Mu = "mu";
    public const string Sigma = "sigma";
    public const string SpatialMu = "mu_s";
    public const string SpatialSigma = "sigma_s";
    public const string Feats = "feats";

    public const string Mean = "mean";
    public const string Covariance = "covariance";
    public const string SpatialMean = "spatialMean";
    public const string SpatialCovariance = "spatialCovariance";

    /// <summary>Metadata of the lab's own files.</summary>
    public const string Extractor = "extractor";
    public const string Preprocessing = "preprocessing";
    public const string Count = "count";
    public const string Source = "source";

    /// <summary>Where clean-fid keeps the features of NAME.npz.</summary>
    public static string Beside(string path) => path[..^".npz".Length] + "_kid.npz";
}
