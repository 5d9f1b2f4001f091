using System.Globalization;

namespace MfRae.Lab.Core.Tracking;

/// <summary>Under which names the metrics of an experiment file are measured; a number of steps follows as `@1`.</summary>
public static class MetricNames
{
    /// <summary>The Fréchet distance in the features of the second network.</summary>
    public const string SecondFrechet = "fd";

    /// <summary>`ladder.noise.0.1`: FID of reference images under noise of that deviation.</summary>
    public const string Ladder = "ladder";

    /// <summary>FID of training images, as many as there are samples.</summary>
    public const string Floor = "fidFloor";

    /// <summary>The share of samples that lie nearer to a training image than 99 % of unseen images do.</summary>
    public const string MemorisedShare = "memorisation.share";

    /// <summary>An image of samples beside the training images nearest to them.</summary>
    public const string Neighbours = "neighbours";

    /// <summary>
    /// 10⁹ multiply-adds of one image's network evaluations, in layers with weights; measured by the stage that draws the samples.
    /// </summary>
    public const string GeneratorGflops = "gflops.generator";

    /// <summary>The same of decoding the image.</summary>
    public const string DecoderGflops = "gflops.decoder";

    /// <summary>`snapshot@100`: an image of one-step samples of a network after 100 steps of its training.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>The series of their FID over steps of the training.</summary>
    public const string SnapshotFid = "fid@1";

    /// <summary>An image of a reference's own images.</summary>
    public const string Real = "real";

    /// <summary>Images of a subset of published kernel distances.</summary>
    public const int PublishedKernelSubset = 1000;

    /// <summary>The name of a kernel distance of subsets of so many images.</summary>
    public static string Kid(double subset) =>
        subset == PublishedKernelSubset ? "kid" : string.Create(CultureInfo.InvariantCulture, $"kid.{subset}");

    /// <param name="kind">Of the metric's options.</param>
    /// <param name="references">Splits; the first gives the plain name, another one NAME.SPLIT.</param>
    /// <returns>Names; null where there is no such kind.</returns>
    public static IReadOnlyList<string>? Of(string kind, IReadOnlyList<string> references) => kind switch
    {
        "fid" => Each("fid", references),
        "sfid" => Each("sfid", references),
        "kid" => ["kid"],
        "inceptionScore" => ["is", "is.adm", "is.torchFidelity"],
        "precisionRecall" => ["precision", "recall", "density", "coverage"],
        "classFid" => ["classFid", "classFid.worst"],
        "fidInfinity" => ["fidInfinity"],
        "fidFloor" => [Floor],
        "classAccuracy" => ["accuracy"],
        "endpointError" => ["endpointError"],
        "memorisation" => [MemorisedShare, "memorisation.ratio"],
        "oracle" => OracleMetric.Stepped,
        _ => null,
    };

    private static string[] Each(string name, IReadOnlyList<string> references) =>
        [name, .. references.Skip(1).Select(split => $"{name}.{split}")];
}
