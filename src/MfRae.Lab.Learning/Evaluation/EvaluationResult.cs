using System.Reflection;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>All that an evaluation found, with what makes its numbers comparable.</summary>
public sealed record EvaluationResult(
    EvaluatedImages Samples, EvaluatedImages? Train, IReadOnlyList<EvaluatedSpace> Spaces, EvaluationVersions Versions);

/// <summary>A set of images that was evaluated.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Shape">CxHxW.</param>
/// <param name="Classes">How many classes the images are of; 0 where they have none.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
public sealed record EvaluatedImages(string Path, string Hash, long Count, string Shape, int Classes, SkippedEntries? PassedOver = null);

/// <summary>What was found in the features of one network.</summary>
/// <param name="Name">Of the network, as the user gave it.</param>
/// <param name="Network">Its name for people: what it was trained on.</param>
/// <param name="Width">Of a feature.</param>
/// <param name="Warnings">What makes numbers less comparable than they look.</param>
/// <param name="Neighbours">The first samples with the nearest training images; empty where there are none.</param>
public sealed record EvaluatedSpace(
    string Name,
    string Network,
    FeatureIdentity Identity,
    long Width,
    EvaluatedReference Reference,
    IReadOnlyList<EvaluatedMetric> Metrics,
    IReadOnlyList<SkippedMetric> Skipped,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<EvaluatedNeighbours> Neighbours,
    CorruptionSweep? Ladder);

/// <summary>What samples were compared with.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Layout">images, or whose layout the statistics are in.</param>
/// <param name="Count">How many images it is of, or null where its file does not say.</param>
/// <param name="Stated">Whether it is known what network and preprocessing it comes from: false for bare statistics.</param>
/// <param name="PassedOver">Entries of a folder of images that are not read as images, or null.</param>
public sealed record EvaluatedReference(
    string Path, string Hash, string Layout, long? Count, bool Stated, SkippedEntries? PassedOver = null);

/// <summary>A number with its interval.</summary>
/// <param name="Name">Of the value, as `fid` or `precision`.</param>
/// <param name="Low">Lower end of the 95 % interval over samples, or null.</param>
/// <param name="High">Its upper end, or null.</param>
/// <param name="Samples">How many samples it is computed from.</param>
/// <param name="HigherIsBetter">Null where there is no better.</param>
/// <param name="Definition">What there is of choice in the metric, in words.</param>
/// <param name="Reference">Hash of what it compares with, or empty.</param>
/// <param name="Setting">What the options of the metric decide, as the setting of a measurement says it (<see cref="MeasurementSetting"/>).</param>
public sealed record EvaluatedMetric(
    string Name, double Value, double? Low, double? High, long Samples, bool? HigherIsBetter, string Definition, string Reference,
    string Setting);

/// <summary>A metric that was not computed.</summary>
/// <param name="Reason">What it needs and does not have.</param>
public sealed record SkippedMetric(string Metric, string Reason);

/// <summary>A sample with the training images that are nearest to it.</summary>
/// <param name="Nearest">By ascending distance.</param>
public sealed record EvaluatedNeighbours(string Sample, IReadOnlyList<NearImage> Nearest);

/// <param name="Distance">Euclidean, in feature space.</param>
public sealed record NearImage(string Image, double Distance);

/// <summary>What computed the numbers.</summary>
/// <param name="Tool">Version of the lab, with the commit where the build knew it.</param>
/// <param name="Torch">Version of the tensor library's binding.</param>
public sealed record EvaluationVersions(string Tool, string Torch, string Runtime, string Device)
{
    internal static EvaluationVersions Of(string device) => new(
        VersionOf(typeof(EvaluationVersions).Assembly),
        VersionOf(typeof(TorchSharp.torch).Assembly),
        RuntimeInformation.FrameworkDescription,
        device);

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
