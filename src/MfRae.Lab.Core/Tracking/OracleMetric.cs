namespace MfRae.Lab.Core.Tracking;

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
