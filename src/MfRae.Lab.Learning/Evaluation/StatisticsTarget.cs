using System.Globalization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

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

    /// <param name="layout">Null for what suits the name: the lab's own for .safetensors, ADM's or pytorch-fid's for .npz, torch-fidelity's for .pt.</param>
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

    /// <summary>What --layout may say.</summary>
    public static IReadOnlyList<string> Layouts { get; } = [Lab, Adm, PytorchFid, CleanFid, TorchFidelity];

    /// <exception cref="LabException">The layout has statistics that there are not, or the file cannot be written.</exception>
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
                throw new RequestException("ADM's layout has spatial statistics, which only inception gives");
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
        Safetensors.Write(_path, OwnStatistics.Tensors(features.Pool!, features.Spatial), new Dictionary<string, string>
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
