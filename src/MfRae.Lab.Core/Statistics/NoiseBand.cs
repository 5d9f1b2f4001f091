namespace MfRae.Lab.Core.Statistics;

/// <summary>Relative differences that retraining alone produces, below which two arms are not told apart.</summary>
public static class NoiseBand
{
    /// <summary>Retraining moves a Fréchet distance by about 1.3 % (arXiv 2606.20536).</summary>
    public const double FrechetDistance = 0.013;

    /// <summary>Whether a relative difference is larger than the band; true where there is no band, or nothing it could be a fraction of.</summary>
    public static bool IsExceeded(double? band, double? relative) => band is not { } width || relative is not { } share || Math.Abs(share) > width;

    /// <summary>The band of a metric, or null where none is known.</summary>
    public static double? Of(string metric) => metric is "fid" or "rfid" || metric.StartsWith("fid.") || metric.StartsWith("rfid.")
        ? FrechetDistance
        : null;
}
