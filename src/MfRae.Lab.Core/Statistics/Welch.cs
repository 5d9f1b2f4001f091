using MathNet.Numerics.Distributions;

namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Comparison of two means of unpaired values with unequal variances: Welch's t (B. L. Welch, The generalization of Student's problem when
/// several different population variances are involved, Biometrika 34, 1947).
/// </summary>
/// <param name="Difference">The second mean minus the first.</param>
/// <param name="Error">The standard error of the difference.</param>
/// <param name="PValue">Two-sided p of no difference.</param>
/// <param name="Freedom">Degrees of freedom after Welch and Satterthwaite, rounded down, which widens the interval and raises p.</param>
public sealed record Welch(double Difference, double Error, double PValue, int Freedom)
{
    /// <summary>The interval of the difference at a level such as 0.95.</summary>
    public Interval Interval(double level = 0.95)
    {
        var half = StudentT.InvCDF(0, 1, Freedom, (1 + level) / 2) * Error;
        return new(Difference - half, Difference + half);
    }

    /// <summary>The two-sided p of a value of the difference.</summary>
    public double PValueOf(double value) => 2 * StudentT.CDF(0, 1, Freedom, -Math.Abs(Difference - value) / Error);

    /// <summary>Compares two means.</summary>
    /// <returns>Null if one of them has fewer than two values, or both have no spread: the error of the means is unknown.</returns>
    public static Welch? Of(Summary one, Summary other)
    {
        if (one.Deviation is not { } first || other.Deviation is not { } second || (first == 0 && second == 0))
        {
            return null;
        }

        var (a, b) = (first * first / one.Count, second * second / other.Count);
        var error = Math.Sqrt(a + b);
        // Rounding errors must not turn three degrees into 2.9999….
        var freedom = Math.Max(1, (int)(((a + b) * (a + b) / ((a * a / (one.Count - 1)) + (b * b / (other.Count - 1)))) + 1e-9));
        var difference = other.Mean - one.Mean;
        return new(difference, error, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(difference) / error), freedom);
    }
}
