using System.Globalization;

namespace MfRae.Lab.Core.Tracking;

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

    /// <summary>δ for people.</summary>
    public static string Text(double delta) => delta.ToString("0.#E+0", CultureInfo.InvariantCulture).Replace("E", "e").Replace("+", "");
}
