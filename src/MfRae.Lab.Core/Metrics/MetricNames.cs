using System.Globalization;

namespace MfRae.Lab.Core.Metrics;

/// <summary>Names of measured values, images and series that code refers to; all metrics are in <see cref="MetricCatalogue"/>.</summary>
public static class MetricNames
{
    /// <summary>The Fréchet distance in the features of the second network.</summary>
    public const string SecondFrechet = "fd";

    /// <summary>`ladder.noise.0.1`: FID of reference images under noise of that deviation.</summary>
    public const string Ladder = "ladder";

    /// <summary>FID of training images, the same number as samples.</summary>
    public const string Floor = "fidFloor";

    /// <summary>The share of samples that are nearer to a training image than 99 % of unseen images are.</summary>
    public const string MemorisedShare = "memorisation.share";

    /// <summary>The median distance of samples to their nearest training image, over that of unseen images.</summary>
    public const string MemorisationRatio = "memorisation.ratio";

    /// <summary>`rfid` for fid: the name of the value of reconstructions.</summary>
    public static string Reconstructed(string metric) => "r" + metric;

    /// <summary>An image of samples with their nearest training images.</summary>
    public const string Neighbours = "neighbours";

    /// <summary>
    /// 10⁹ multiply-adds of the network evaluations for one image, in layers with weights; measured by the stage that draws the samples.
    /// </summary>
    public const string GeneratorGflops = "gflops.generator";

    /// <summary>10⁹ multiply-adds of decoding one image.</summary>
    public const string DecoderGflops = "gflops.decoder";

    /// <summary>The median seconds of a training step of the arm, which depends on the machine.</summary>
    public const string StepSeconds = "stepSeconds";

    /// <summary>The largest resident memory of the worker that trained the arm, in bytes.</summary>
    public const string PeakMemory = "peakMemory";

    /// <summary>Steps of the training that made an imported network, from the card of its weights.</summary>
    public const string PretrainingSteps = "pretraining.steps";

    /// <summary>Training samples of the same training.</summary>
    public const string PretrainingSamples = "pretraining.samples";

    /// <summary>Processor time of the same training.</summary>
    public const string PretrainingCpuSeconds = "pretraining.cpuSeconds";

    /// <summary>`snapshot@100`: an image of one-step samples of a network after 100 steps of its training.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>The series of the FID of snapshots over training steps.</summary>
    public const string SnapshotFid = "fid@1";

    /// <summary>The curve of the one-step FID during a training.</summary>
    public const string WatchFid = "watch.fid@1";

    /// <summary>An image of reference images.</summary>
    public const string Real = "real";

    /// <summary>The subset size of published kernel distances.</summary>
    public const int PublishedKernelSubset = 1000;

    /// <summary>The name of a kernel distance with a subset size.</summary>
    public static string Kid(double subset) =>
        subset == PublishedKernelSubset ? "kid" : string.Create(CultureInfo.InvariantCulture, $"kid.{subset}");
}

/// <summary>The names of values measured against an oracle (docs/method.md §6).</summary>
public static class OracleMetric
{
    /// <summary>Root mean square distance to the exact flow; with steps, that of end points drawn from the prior.</summary>
    public const string Deviation = "deviation";

    /// <summary>Root mean square distance to the fixed point of the arm's λ.</summary>
    public const string FixedPoint = "fixedPoint";

    /// <summary>Root mean square distance of the fixed point to the exact flow.</summary>
    public const string Floor = "floor";

    /// <summary>Suffix for the average velocity at random times r &lt; t instead of the end points.</summary>
    public const string Interval = ".interval";

    /// <summary>Suffix for the median instead of the root mean square.</summary>
    public const string Median = ".median";

    /// <summary>Suffix for the prediction of a measured value by the closed forms.</summary>
    public const string Predicted = ".predicted";

    /// <summary>E‖u_θ - τ‖² with the conditional expectation over v̂ taken exactly; predicted: bias plus noise.</summary>
    public const string Split = "split";

    /// <summary>E‖ρ - (λI - μ(I - J))δ‖².</summary>
    public const string SplitBias = "split.bias";

    /// <summary>E tr(N C Nᵀ).</summary>
    public const string SplitNoise = "split.noise";

    /// <summary>|measured / predicted - 1|.</summary>
    public const string SplitDiscrepancy = "split.discrepancy";

    /// <summary>The loss of the training objective at the same points, each with the v̂ that it was made from.</summary>
    public const string SplitSampled = "split.sampled";

    /// <summary>Variance of the gradient of one sample's loss over all points and v̂; also predicted.</summary>
    public const string GradientVariance = "gradient.variance";

    /// <summary>The part of that variance at fixed z, r, t: the noise of the target; also predicted.</summary>
    public const string GradientNoise = "gradient.noise";

    /// <summary>Length of the difference between the mean gradients with the target and with the exact velocity; also predicted.</summary>
    public const string GradientBias = "gradient.bias";

    /// <summary>Length of the mean gradient with the exact velocity.</summary>
    public const string GradientOracle = "gradient.oracle";

    /// <summary>The λ with the least mean squared error of the gradient of a training batch.</summary>
    public const string GradientLambda = "gradient.lambda";

    /// <summary>Quantiles of ‖J(v̂ - v)‖² with the Jacobian J of the network: `noise.50`, …</summary>
    public const string Noise = "noise";

    /// <summary>The same quantiles with the Jacobian of the exact flow.</summary>
    public const string FlowNoise = "noise.flow";

    /// <summary>Error of the closed form of the velocity, from an independent computation.</summary>
    public const string ClosedVelocity = "closedForm.velocity";

    /// <summary>Error of the closed form of the covariance of v̂, from an independent computation.</summary>
    public const string ClosedCovariance = "closedForm.covariance";

    /// <summary>Error of the average velocity of the flow, from an independent computation.</summary>
    public const string ClosedAverageVelocity = "closedForm.averageVelocity";

    /// <summary>Error of the Jacobian of the flow, from an independent computation.</summary>
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
/// The names of values of a study of derivative estimates (docs/method.md §3): measurements at the step δ of the estimator, and series over
/// all steps.
/// </summary>
public static class DerivativeErrorNames
{
    /// <summary>The kind of the stage and its role in a run; the root mean square over samples of ‖estimate - exact‖ / ‖exact‖.</summary>
    public const string Error = "derivativeError";

    /// <summary>The median over samples instead of the root mean square.</summary>
    public const string Median = Error + ".median";

    /// <summary>The 99 % quantile over samples.</summary>
    public const string Tail = Error + ".p99";

    /// <summary>As <see cref="Error"/>, for samples with t &lt; 0.1.</summary>
    public const string Early = Error + ".early";

    /// <summary>The prediction of <see cref="Error"/> from rounding and truncation.</summary>
    public const string Predicted = Error + ".predicted";

    /// <summary>The smallest <see cref="Error"/> / <see cref="Predicted"/> over all steps δ.</summary>
    public const string LowestRatio = Error + ".lowestRatio";

    /// <summary>The largest <see cref="Error"/> / <see cref="Predicted"/> over all steps δ.</summary>
    public const string HighestRatio = Error + ".highestRatio";

    /// <summary>η: the rounding error of a difference of two evaluations, over ‖du/dt‖; <see cref="Rounding"/> is η over δ.</summary>
    public const string Eta = Error + ".eta";

    /// <summary>The part of <see cref="Predicted"/> caused by rounding; only a series.</summary>
    public const string Rounding = Error + ".rounding";

    /// <summary>The part of <see cref="Predicted"/> caused by truncation; only a series.</summary>
    public const string Truncation = Error + ".truncation";

    // The steps of curves are whole numbers.
    private const double StepsPerUnit = 1e9;

    /// <summary>The names of the measurements.</summary>
    public static IReadOnlyList<string> Measurements => [Error, Median, Tail, Early, Predicted, LowestRatio, HighestRatio, Eta];

    /// <summary>δ as the step of a series, in billionths.</summary>
    public static long Step(double delta) => (long)Math.Round(delta * StepsPerUnit);

    /// <summary>The δ of a step of a series.</summary>
    public static double Delta(long step) => step / StepsPerUnit;
}
