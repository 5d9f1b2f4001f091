using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Data;

/// <summary>Student's interval of a mean.</summary>
internal static class StudentInterval
{
    /// <summary>Half the width of the 95 % interval, or null for fewer than two values.</summary>
    public static double? HalfWidth(Summary summary) => summary.Deviation is { } deviation
        ? StudentT.InvCDF(0, 1, summary.Count - 1, 0.975) * deviation / Math.Sqrt(summary.Count)
        : null;

    /// <summary>The 95 % interval, or null for fewer than two values.</summary>
    public static Interval? Interval(Summary summary) =>
        HalfWidth(summary) is { } half ? new Interval(summary.Mean - half, summary.Mean + half) : null;

    /// <summary>`95 % interval 0.66 to 0.94`; the empty string for fewer than two values.</summary>
    public static string Text(Summary summary) => Interval(summary) is { } interval
        ? $"95 % interval {Numbers.Significant(interval.Low)} to {Numbers.Significant(interval.High)}"
        : "";
}
