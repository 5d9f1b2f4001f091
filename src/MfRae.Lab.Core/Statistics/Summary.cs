namespace MfRae.Lab.Core.Statistics;

/// <summary>Number, mean and sample standard deviation of some values.</summary>
/// <param name="Count">Number of values.</param>
/// <param name="Mean">The mean; NaN without values.</param>
/// <param name="Deviation">The standard deviation with n - 1 in the denominator; null for fewer than two values.</param>
public sealed record Summary(int Count, double Mean, double? Deviation)
{
    /// <summary>The summary of some values.</summary>
    public static Summary Of(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            return new(0, double.NaN, null);
        }

        var mean = values.Sum() / values.Count;
        return new(
            values.Count,
            mean,
            values.Count < 2 ? null : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)));
    }
}

/// <summary>A closed interval.</summary>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether a value is in the interval.</summary>
    public bool Contains(double value) => Low <= value && value <= High;
}
