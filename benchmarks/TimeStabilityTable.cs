using System.Globalization;
using MfRae.Lab.Learning.Oracle;

namespace MfRae.Lab.Benchmarks;

/// <summary>The table of docs/method.md §10: whether the mean update of MeanFlow contracts, by the shift of the training times.</summary>
internal static class TimeStabilityTable
{
    private static readonly double[] Shifts = [1, 2, 4, 6.93, 13.86];

    public static void Run()
    {
        Console.WriteLine("| shift s | bound for r < t | coercivity, 16 features | smallest eigenvalue, 16 | 36 | coercivity, reweighted, 16 |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var shift in Shifts)
        {
            var (small, large) = (new TimeStability(shift, 4), new TimeStability(shift, 6));
            var reweighted = new TimeStability(shift, 4, reweighted: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {shift} | {small.Bound:F2} | {small.Coercivity:F2} | {small.SmallestEigenvalue:F2} | {large.SmallestEigenvalue:F2} | {reweighted.Coercivity:F2} |"));
        }
    }
}
