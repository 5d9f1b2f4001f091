using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Statistics of a set of images from a file.</summary>
/// <param name="Layout">The layout of the file.</param>
/// <param name="Pool">Statistics of the features, or null where the file has features instead.</param>
/// <param name="Spatial">Statistics of the maps for sFID, or null.</param>
/// <param name="Features">float32 [N, F], or null.</param>
/// <param name="Identity">Network and preprocessing, or null where the file does not name them.</param>
/// <param name="Count">The number of images, or null where the file does not state it.</param>
/// <param name="Hash">SHA-256 of the file.</param>
internal sealed record StoredStatistics(
    string Path,
    string Layout,
    FeatureStatistics? Pool,
    FeatureStatistics? Spatial,
    Tensor? Features,
    FeatureIdentity? Identity,
    long? Count,
    string Hash);

/// <summary>
/// Reads statistics in the layouts of the lab and of other projects (docs/evaluation.md): mu and sigma of pytorch-fid, clean-fid and
/// torch-fidelity, with additional mu_s and sigma_s those of ADM; feats are clean-fid's features for KID.
/// </summary>
internal static class StatisticsReader
{
    // Allows for float32 sums in other tools, and is far below the asymmetry of a wrong matrix.
    private const double Asymmetry = 1e-3;

    // Far above any feature, and far below values with products that overflow.
    private const double Largest = 1e100;

    public static bool Recognises(TensorFile file) =>
        file.Tensors.ContainsKey(StatisticsNames.Mu) || file.Tensors.ContainsKey(StatisticsNames.Mean)
        || file.Tensors.ContainsKey(StatisticsNames.Feats);

    /// <summary>Reads the statistics of a file.</summary>
    /// <exception cref="LabException">The file lacks a mean or a covariance, or the values are not statistics.</exception>
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
        {
            throw new LabException(FormattableString.Invariant(
                $"{file.Path} has statistics of {width} features, but its {StatisticsNames.Feats} have {features.shape[1]}"));
        }

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
        {
            throw new LabException($"{file.Path} holds '{(hasMean ? meanName : covarianceName)}' without "
                + $"'{(hasMean ? covarianceName : meanName)}': statistics are a mean and a covariance");
        }

        var (meanShape, covarianceShape) = (file.Tensors[meanName].Shape, file.Tensors[covarianceName].Shape);
        if (meanShape is not [var width] || covarianceShape is not [var rows, var columns] || rows != width || columns != width || width == 0)
        {
            throw new LabException($"{file.Path} holds '{meanName}' [{string.Join(", ", meanShape)}] and '{covarianceName}' "
                + $"[{string.Join(", ", covarianceShape)}]; a mean [F] and a covariance [F, F] are needed");
        }
        // Contiguous copies: the mapped arrays may have any type.
        var (mean, covariance) = (file[meanName].to(float64).contiguous(), file[covarianceName].to(float64).contiguous());
        if (!Finite.IsFinite(mean) || !Finite.IsFinite(covariance))
            throw new LabException($"{file.Path} holds values in '{meanName}' or '{covarianceName}' that are not finite: compute them again");
        if (mean.abs().max().item<double>() > Largest || covariance.abs().max().item<double>() > Largest)
            throw new LabException($"{file.Path} holds values above {Largest} in '{meanName}' or '{covarianceName}': compute them again");
        var uneven = (covariance - covariance.t()).abs().max().item<double>();
        if (uneven > Asymmetry * covariance.abs().max().item<double>() || covariance.diagonal().min().item<double>() < 0)
            throw new LabException($"{file.Path} holds '{covarianceName}', not a covariance: not symmetric, or negative variances");
        return new(mean, (covariance + covariance.t()) / 2);
    }

    private static Tensor? Features(TensorFile file)
    {
        if (!file.Tensors.TryGetValue(StatisticsNames.Feats, out var stored))
            return null;
        if (stored.Shape.Count != 2 || stored.Shape.Contains(0))
            throw new LabException($"{file.Path} holds '{StatisticsNames.Feats}' [{string.Join(", ", stored.Shape)}], not features [N, F]");
        var features = file[StatisticsNames.Feats].to(float32).contiguous();
        return Finite.IsFinite(features)
            ? features
            : throw new LabException($"{file.Path} holds values in '{StatisticsNames.Feats}' that are not finite");
    }

    // clean-fid keeps the features for KID of NAME.npz in NAME_kid.npz.
    private static Tensor? Beside(TensorFile file)
    {
        if (!file.Path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
            return null;
        var path = StatisticsNames.Beside(file.Path);
        return File.Exists(path) ? Features(TensorFile.Open(path)) : null;
    }
}

/// <summary>A file that statistics are written to, in one of the layouts that <see cref="StatisticsReader"/> reads.</summary>
internal sealed class StatisticsTarget
{
    public const string Lab = "lab";
    public const string Adm = "adm";
    public const string PytorchFid = "pytorchFid";
    public const string CleanFid = "cleanFid";
    public const string TorchFidelity = "torchFidelity";

    private const string Own = ".safetensors";
    private const string Numpy = ".npz";
    private const string Torch = ".pt";

    private readonly string _path;
    private readonly string? _layout;

    /// <summary>A target for the statistics of a set.</summary>
    /// <param name="path">The file: .safetensors, .npz or .pt.</param>
    /// <param name="layout">Null: the lab's for .safetensors, ADM's or pytorch-fid's for .npz, torch-fidelity's for .pt.</param>
    /// <exception cref="RequestException">Name and layout contradict each other.</exception>
    public StatisticsTarget(string path, string? layout)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (Own or Numpy or Torch))
            throw new RequestException($"statistics are written as {Own}, {Numpy} or {Torch}, not to {path}");
        var needed = layout switch { null => extension, Lab => Own, TorchFidelity => Torch, _ => Numpy };
        if (needed != extension)
            throw new RequestException($"the layout {layout} is not written to {extension} files but to {needed}");
        _path = path;
        _layout = layout ?? extension switch { Own => Lab, Torch => TorchFidelity, _ => null };
    }

    /// <summary>The values of --layout.</summary>
    public static IReadOnlyList<string> Layouts { get; } = [Lab, Adm, PytorchFid, CleanFid, TorchFidelity];

    /// <summary>Writes the statistics of a set.</summary>
    /// <exception cref="LabException">The layout needs statistics that the network does not have, or the file cannot be
    /// written.</exception>
    public void Write(SetFeatures features, FeatureIdentity identity, ImageSet source)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            Write(_layout ?? (features.Spatial is null ? PytorchFid : Adm), features, identity, source);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{_path} cannot be written: {refused.Message}", refused);
        }
    }

    private void Write(string layout, SetFeatures features, FeatureIdentity identity, ImageSet source)
    {
        switch (layout)
        {
            case Lab:
                WriteOwn(features, identity, source);
                break;
            case Adm when features.Spatial is null:
                throw new RequestException("ADM's layout needs spatial statistics, which only inception has");
            case TorchFidelity:
                NumpyPickle.Write(_path, [(StatisticsNames.Mu, features.Pool!.Mean), (StatisticsNames.Sigma, features.Pool.Covariance)]);
                break;
            case CleanFid:
                Npz.Write(_path, Pool(features));
                Npz.Write(StatisticsNames.Beside(_path), [(StatisticsNames.Feats, StoredTensor.Of(InFileOrder(features)))]);
                break;
            default:
                Npz.Write(_path, layout == Adm
                    ? [.. Pool(features), .. Pair(StatisticsNames.SpatialMu, features.Spatial!.Mean, StatisticsNames.SpatialSigma, features.Spatial.Covariance)]
                    : Pool(features));
                break;
        }
    }

    private void WriteOwn(SetFeatures features, FeatureIdentity identity, ImageSet source)
    {
        Safetensors.Write(_path, LabStatistics.Tensors(features.Pool!, features.Spatial), new Dictionary<string, string>
        {
            [StatisticsNames.Extractor] = identity.Extractor,
            [StatisticsNames.Preprocessing] = identity.Preprocessing,
            [StatisticsNames.Count] = source.Count.ToString(CultureInfo.InvariantCulture),
            [StatisticsNames.Source] = source.Hash,
        });
    }

    private static Tensor InFileOrder(SetFeatures features) =>
        features.Order is { } order ? features.Features!.index_select(0, order.argsort()) : features.Features!;

    private static List<(string, StoredTensor)> Pool(SetFeatures features) =>
        Pair(StatisticsNames.Mu, features.Pool!.Mean, StatisticsNames.Sigma, features.Pool.Covariance);

    private static List<(string, StoredTensor)> Pair(string meanName, Tensor mean, string covarianceName, Tensor covariance) =>
        [(meanName, StoredTensor.Of(mean)), (covarianceName, StoredTensor.Of(covariance))];
}

/// <summary>The layout of the lab's files, for stages and for `evaluate`.</summary>
internal static class LabStatistics
{
    public static List<(string Name, Tensor Value)> Tensors(FeatureStatistics pool, FeatureStatistics? spatial) =>
    [
        (StatisticsNames.Mean, pool.Mean), (StatisticsNames.Covariance, pool.Covariance),
        .. spatial is null ? Array.Empty<(string, Tensor)>()
            : [(StatisticsNames.SpatialMean, spatial.Mean), (StatisticsNames.SpatialCovariance, spatial.Covariance)],
    ];

    /// <summary>Reads statistics in the lab's layout.</summary>
    /// <exception cref="LabException">The file holds no statistics.</exception>
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

/// <summary>The names of statistics in files.</summary>
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

    /// <summary>Metadata of the lab's files.</summary>
    public const string Extractor = "extractor";
    public const string Preprocessing = "preprocessing";
    public const string Count = "count";
    public const string Source = "source";

    /// <summary>The file in which clean-fid keeps the features of NAME.npz.</summary>
    public static string Beside(string path) => path[..^".npz".Length] + "_kid.npz";
}
