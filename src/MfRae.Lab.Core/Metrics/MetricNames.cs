using System.Globalization;

namespace MfRae.Lab.Core.Metrics;

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

/// <summary>The names of what is measured against an oracle (docs/method.md §6), for those who measure, validate and report.</summary>
public static class OracleMetric
{
    /// <summary>Root mean square distance to the exact flow; with steps, of end points drawn from the prior.</summary>
    public const string Deviation = "deviation";

    /// <summary>The same to the fixed point of the arm's own λ.</summary>
    public const string FixedPoint = "fixedPoint";

    /// <summary>How far the fixed point itself is from the exact flow.</summary>
    public const string Floor = "floor";

    /// <summary>Appended for the average velocity at random times r &lt; t instead of the end points.</summary>
    public const string Interval = ".interval";

    /// <summary>Appended for the median instead of the root mean square.</summary>
    public const string Median = ".median";

    /// <summary>Appended for what the closed forms predict of a measured value.</summary>
    public const string Predicted = ".predicted";

    /// <summary>E‖u_θ - τ‖² with the conditional expectation over v̂ taken exactly; predicted: bias plus noise.</summary>
    public const string Split = "split";

    /// <summary>E‖ρ - (λI - μ(I - J))δ‖².</summary>
    public const string SplitBias = "split.bias";

    /// <summary>E tr(N C Nᵀ).</summary>
    public const string SplitNoise = "split.noise";

    /// <summary>|measured / predicted - 1|.</summary>
    public const string SplitDiscrepancy = "split.discrepancy";

    /// <summary>The loss of the training objective itself at the same points, with the one v̂ that each was made from.</summary>
    public const string SplitSampled = "split.sampled";

    /// <summary>Variance of the gradient of one sample's loss over all points and v̂; predicted beside it.</summary>
    public const string GradientVariance = "gradient.variance";

    /// <summary>The part of it that is left at fixed z, r, t: the target's noise; predicted beside it.</summary>
    public const string GradientNoise = "gradient.noise";

    /// <summary>Length of the mean gradient's difference from the one with the exact velocity; predicted beside it.</summary>
    public const string GradientBias = "gradient.bias";

    /// <summary>Length of the mean gradient with the exact velocity.</summary>
    public const string GradientOracle = "gradient.oracle";

    /// <summary>The λ of least mean squared error of the gradient of a training batch.</summary>
    public const string GradientLambda = "gradient.lambda";

    /// <summary>Quantiles of ‖J(v̂ - v)‖² with the network's J: `noise.50`, …</summary>
    public const string Noise = "noise";

    /// <summary>The same with the Jacobian of the exact flow.</summary>
    public const string FlowNoise = "noise.flow";

    public const string ClosedVelocity = "closedForm.velocity";
    public const string ClosedCovariance = "closedForm.covariance";
    public const string ClosedAverageVelocity = "closedForm.averageVelocity";
    public const string ClosedJacobian = "closedForm.flowJacobian";

    /// <summary>The percentages of the quantiles.</summary>
    public static IReadOnlyList<double> Quantiles => [50, 90, 99, 99.9];

    /// <summary>Names that have a direction and a number of steps.</summary>
    public static IReadOnlyList<string> Stepped => [Deviation, Deviation + Median, FixedPoint, FixedPoint + Median];

    /// <summary>Names that have a direction and no steps.</summary>
    public static IReadOnlyList<string> Unstepped =>
    [
        Deviation + Interval, Deviation + Interval + Median, FixedPoint + Interval, FixedPoint + Interval + Median, SplitDiscrepancy,
        GradientVariance, GradientNoise, GradientBias,
    ];

    /// <summary>`noise.99.9`.</summary>
    public static string Quantile(string name, double percent) => FormattableString.Invariant($"{name}.{percent}");
}

/// <summary>
/// What the stage that studies derivative estimates reports (docs/method.md §3): measurements at the estimator's own step δ, and
/// series over all steps.
/// </summary>
public static class DerivativeErrorNames
{
    /// <summary>The kind of the stage and its role in a run; the root mean square over samples of ‖estimate - exact‖ / ‖exact‖.</summary>
    public const string Error = "derivativeError";

    public const string Median = Error + ".median";

    /// <summary>What 99 % of the samples keep below.</summary>
    public const string Tail = Error + ".p99";

    /// <summary>As <see cref="Error"/>, of samples with t &lt; 0.1.</summary>
    public const string Early = Error + ".early";

    /// <summary>What <see cref="Error"/> should be, from rounding and truncation.</summary>
    public const string Predicted = Error + ".predicted";

    /// <summary>Of all steps δ, the smallest <see cref="Error"/> / <see cref="Predicted"/>.</summary>
    public const string LowestRatio = Error + ".lowestRatio";

    /// <summary>Of all steps δ, the largest <see cref="Error"/> / <see cref="Predicted"/>.</summary>
    public const string HighestRatio = Error + ".highestRatio";

    /// <summary>η: what a difference of two evaluations loses to rounding, over ‖du/dt‖; <see cref="Rounding"/> is this over δ.</summary>
    public const string Eta = Error + ".eta";

    /// <summary>The part of <see cref="Predicted"/> that arithmetic causes; a series only.</summary>
    public const string Rounding = Error + ".rounding";

    /// <summary>The part of <see cref="Predicted"/> that the formula causes; a series only.</summary>
    public const string Truncation = Error + ".truncation";

    // Curves run over whole numbers.
    private const double StepsPerUnit = 1e9;

    public static IReadOnlyList<string> Measurements => [Error, Median, Tail, Early, Predicted, LowestRatio, HighestRatio, Eta];

    /// <summary>δ as the step of a series, in billionths.</summary>
    public static long Step(double delta) => (long)Math.Round(delta * StepsPerUnit);

    public static double Delta(long step) => step / StepsPerUnit;
}
