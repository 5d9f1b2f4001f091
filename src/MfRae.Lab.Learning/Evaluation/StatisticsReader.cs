using System.Globalization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// Reads statistics in the layouts of others and of the lab's own (docs/evaluation.md): mu and sigma of pytorch-fid, clean-fid and
/// torch-fidelity, with mu_s and sigma_s beside them ADM's; feats are clean-fid's features for KID.
/// </summary>
internal static class StatisticsReader
{
    // Of float32 sums in other tools, and far below what a wrong matrix shows.
    private const double Asymmetry = 1e-3;

    // Far above any feature, and far below values whose products overflow.
    private const double Largest = 1e100;

    public static bool Recognises(TensorFile file) =>
        file.Tensors.ContainsKey(StatisticsNames.Mu) || file.Tensors.ContainsKey(StatisticsNames.Mean)
        || file.Tensors.ContainsKey(StatisticsNames.Feats);

    /// <exception cref="LabException">The file lacks one of a pair, or holds what are no statistics.</exception>
    public static StoredStatistics Read(TensorFile file)
    {
        var own = file.Tensors.ContainsKey(StatisticsNames.Mean);
        var pool = own
            ? Pair(file, StatisticsNames.Mean, StatisticsNames.Covariance)
            : Pair(file, StatisticsNames.Mu, StatisticsNames.Sigma);
        var spatial = own
            ? Pair(file, StatisticsNames.SpatialMean, StatisticsNames.SpatialCovariance)
            : Pair(file, StatisticsNames.SpatialMu, StatisticsNames.SpatialSigma);
        var features = Features(file) ?? Beside(file);
        var width = pool?.Mean.shape[0] ?? features?.shape[1];
        if (features is not null && features.shape[1] != width)
            throw new LabException(FormattableString.Invariant(
                $"{file.Path} has statistics of {width} features, but its {StatisticsNames.Feats} have {features.shape[1]}"));
        var layout = own ? "lab" : spatial is not null ? "adm" : file.Format.StartsWith("PyTorch", StringComparison.Ordinal) ? "torchFidelity"
            : features is not null ? "cleanFid" : "pytorchFid";
        return new(file.Path, layout, pool, spatial, features, Identity(file), Count(file) ?? features?.shape[0], FileHash.Of(file.Path));
    }

    private static FeatureIdentity? Identity(TensorFile file) =>
        file.Metadata.TryGetValue(StatisticsNames.Extractor, out var extractor)
            && file.Metadata.TryGetValue(StatisticsNames.Preprocessing, out var preprocessing)
            ? new(extractor, preprocessing)
            : null;

    private static long? Count(TensorFile file) =>
        file.Metadata.TryGetValue(StatisticsNames.Count, out var text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    private static FeatureStatistics? Pair(TensorFile file, string meanName, string covarianceName)
    {
        var (hasMean, hasCovariance) = (file.Tensors.ContainsKey(meanName), file.Tensors.ContainsKey(covarianceName));
        if (!hasMean && !hasCovariance)
            return null;
        if (!hasMean || !hasCovariance)
            throw new LabException($"{file.Path} holds '{(hasMean ? meanName : covarianceName)}' without "
                + $"'{(hasMean ? covarianceName : meanName)}': statistics are a mean and a covariance");
        var (meanShape, covarianceShape) = (file.Tensors[meanName].Shape, file.Tensors[covarianceName].Shape);
        if (meanShape is not [var width] || covarianceShape is not [var rows, var columns] || rows != width || columns != width || width == 0)
            throw new LabException($"{file.Path} holds '{meanName}' [{string.Join(", ", meanShape)}] and '{covarianceName}' "
                + $"[{string.Join(", ", covarianceShape)}]; a mean [F] and a covariance [F, F] are needed");
        // Contiguous and of their own: what is mapped may be of any type.
        var (mean, covariance) = (file[meanName].to(float64).contiguous(), file[covarianceName].to(float64).contiguous());
        if (!Finite.Holds(mean) || !Finite.Holds(covariance))
            throw new LabException($"{file.Path} holds values in '{meanName}' or '{covarianceName}' that are not finite: compute them again");
        if (mean.abs().max().item<double>() > Largest || covariance.abs().max().item<double>() > Largest)
            throw new LabException($"{file.Path} holds values above {Largest} in '{meanName}' or '{covarianceName}': compute them again");
        var uneven = (covariance - covariance.t()).abs().max().item<double>();
        if (uneven > Asymmetry * covariance.abs().max().item<double>() || covariance.diagonal().min().item<double>() < 0)
            throw new LabException($"{file.Path} holds '{covarianceName}', which is not symmetric or has negative variances: it is no covariance");
        return new(mean, (covariance + covariance.t()) / 2);
    }

    private static Tensor? Features(TensorFile file)
    {
        if (!file.Tensors.TryGetValue(StatisticsNames.Feats, out var stored))
            return null;
        if (stored.Shape.Count != 2 || stored.Shape.Contains(0))
            throw new LabException($"{file.Path} holds '{StatisticsNames.Feats}' [{string.Join(", ", stored.Shape)}], not features [N, F]");
        var features = file[StatisticsNames.Feats].to(float32).contiguous();
        return Finite.Holds(features)
            ? features
            : throw new LabException($"{file.Path} holds values in '{StatisticsNames.Feats}' that are not finite");
    }

    // clean-fid keeps features for KID in NAME_kid.npz beside NAME.npz.
    private static Tensor? Beside(TensorFile file)
    {
        if (!file.Path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
            return null;
        var path = StatisticsNames.Beside(file.Path);
        return File.Exists(path) ? Features(TensorFile.Open(path)) : null;
    }
}
