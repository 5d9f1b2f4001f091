namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Two means whose values are no pairs and whose spreads may differ: Welch's t (B. L. Welch, The generalization of Student's problem when
/// several different population variances are involved, Biometrika 34, 1947).
/// </summary>
/// <param name="Difference">The second mean less the first.</param>
/// <param name="Interval">At 95 %.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="Freedom">Degrees of freedom after Welch and Satterthwaite, rounded down: the wider interval and the larger p.</param>
public sealed record Welch(double Difference, Interval Interval, double PValue, int Freedom)
{
    /// <returns>Null where one of the two has fewer than two values, or neither has any spread: nothing says how far means scatter.</returns>
    public static Welch? Of(Summary one, Summary other)
    {
        if (one.Deviation is not { } first || other.Deviation is not { } second || (first == 0 && second == 0))
        {
            return null;
        }

        var (a, b) = (first * first / one.Count, second * second / other.Count);
        var error = Math.Sqrt(a + b);
        // Rounding must not make 2.9999… of three degrees.
        var freedom = Math.Max(1, (int)(((a + b) * (a + b) / ((a * a / (one.Count - 1)) + (b * b / (other.Count - 1)))) + 1e-9));
        var difference = other.Mean - one.Mean;
        var half = Distributions.StudentQuantile(0.025, freedom) * error;
        return new(
            difference,
            new(difference - half, difference + half),
            2 * Distributions.StudentTail(Math.Abs(difference) / error, freedom),
            freedom);
    }
}
