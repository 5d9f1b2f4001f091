using System.Reflection;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The result of an evaluation, with the identity of its numbers.</summary>
public sealed record EvaluationResult(
    EvaluatedImages Samples, EvaluatedImages? Train, IReadOnlyList<EvaluatedSpace> Spaces, EvaluationVersions Versions);

/// <summary>A set of images that was evaluated.</summary>
/// <param name="Path">The path as the user wrote it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Shape">CxHxW.</param>
/// <param name="Classes">The number of classes; 0 without classes.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
public sealed record EvaluatedImages(string Path, string Hash, long Count, string Shape, int Classes, SkippedEntries? PassedOver = null);

/// <summary>The result in the features of one network.</summary>
/// <param name="Name">The network as the user wrote it.</param>
/// <param name="Network">The network in words: its data and size.</param>
/// <param name="Width">The number of features of an image.</param>
/// <param name="Warnings">Reasons why the numbers are less comparable than they look.</param>
/// <param name="Neighbours">The first samples with the nearest training images; empty without training images.</param>
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

/// <summary>The reference of an evaluation.</summary>
/// <param name="Path">The path as the user wrote it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Layout">images, or the layout of the statistics file.</param>
/// <param name="Count">The number of images, or null where the file does not state it.</param>
/// <param name="Stated">Whether the network and the preprocessing are known: false for statistics without metadata.</param>
/// <param name="PassedOver">Entries of a folder of images that are not read as images, or null.</param>
public sealed record EvaluatedReference(
    string Path, string Hash, string Layout, long? Count, bool Stated, SkippedEntries? PassedOver = null);

/// <summary>A number with its interval.</summary>
/// <param name="Name">The name of the value, as `fid` or `precision`.</param>
/// <param name="Low">Lower end of the 95 % interval over samples, or null.</param>
/// <param name="High">Upper end of the interval, or null.</param>
/// <param name="Samples">The number of samples behind the value.</param>
/// <param name="HigherIsBetter">Null for a value without a better direction.</param>
/// <param name="Definition">The choices within the metric, in words.</param>
/// <param name="Reference">Hash of the reference, or empty.</param>
/// <param name="Setting">The options of the metric, in the form of a measurement's setting (<see cref="MeasurementSetting"/>).</param>
public sealed record EvaluatedMetric(
    string Name, double Value, double? Low, double? High, long Samples, bool? HigherIsBetter, string Definition, string Reference,
    string Setting);

/// <summary>A metric that was not computed.</summary>
/// <param name="Reason">The missing input.</param>
public sealed record SkippedMetric(string Metric, string Reason);

/// <summary>A sample with the training images that are nearest to it.</summary>
/// <param name="Nearest">By ascending distance.</param>
public sealed record EvaluatedNeighbours(string Sample, IReadOnlyList<NearImage> Nearest);

/// <param name="Distance">Euclidean, in feature space.</param>
public sealed record NearImage(string Image, double Distance);

/// <summary>The versions of the software behind the numbers.</summary>
/// <param name="Tool">Version of the lab, with the commit if the build knew it.</param>
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
