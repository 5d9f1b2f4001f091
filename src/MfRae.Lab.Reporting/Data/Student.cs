using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Reporting.Data;

/// <summary>Student's interval of a mean.</summary>
internal static class Student
{
    /// <summary>Half the width of the 95 % interval, or null for fewer than two values.</summary>
    public static double? HalfWidth(Summary summary) => summary.Deviation is { } deviation
        ? StudentT.InvCDF(0, 1, summary.Count - 1, 0.975) * deviation / Math.Sqrt(summary.Count)
        : null;
}
