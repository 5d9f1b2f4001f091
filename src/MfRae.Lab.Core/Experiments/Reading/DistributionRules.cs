using System.Globalization;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Whether the numbers of a distribution make one.</summary>
internal sealed class DistributionRules(Mistakes mistakes)
{
    /// <summary>A mean of at least one number, and a covariance with as many rows and columns, symmetric and positive definite.</summary>
    public void CheckGaussian(OptionView view)
    {
        if (view.Numbers("mean") is not { } mean || view.Find("covariance").Node is not LocatedArray { Items: var items })
        {
            return;
        }

        var rows = items.Select(row => OptionView.Numbers(row)).OfType<IReadOnlyList<double>>().Select(row => row.ToArray()).ToArray();
        int size = mean.Count;
        if (size == 0)
        {
            mistakes.Add(view.At("mean"), "`mean` is empty", "write one number for each dimension");
        }
        else if (rows.Length == items.Count && (rows.Length != size || rows.Any(row => row.Length != size)))
        {
            mistakes.Add(
                view.At("covariance"), $"the covariance of {size} numbers is {size} rows of {size}", "write a list of rows, each a list");
        }
        else if (rows.Length == items.Count && !IsPositiveDefinite(rows))
        {
            mistakes.Add(
                view.At("covariance"),
                "`covariance` is not symmetric and positive definite",
                "e.g. the unit matrix: " + Unit(size));
        }
    }

    /// <summary>As many means and deviations as weights.</summary>
    public void CheckLine(OptionView view)
    {
        if (view.Numbers("weights") is not { } weights)
        {
            return;
        }

        if (weights.Count == 0)
        {
            mistakes.Add(view.At("weights"), "`weights` is empty", "write one number for each component");
        }

        foreach (string name in (string[])["means", "deviations"])
        {
            if (view.Numbers(name) is { } numbers && numbers.Count != weights.Count)
            {
                mistakes.Add(
                    view.At(name), $"`{name}` has {numbers.Count} numbers, `weights` {weights.Count}", "write one of each for a component");
            }
        }
    }

    // Cholesky's decomposition exists.
    private static bool IsPositiveDefinite(double[][] rows)
    {
        int size = rows.Length;
        double[,] lower = new double[size, size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double rest = rows[i][j] - Enumerable.Range(0, j).Sum(k => lower[i, k] * lower[j, k]);
                if (rows[i][j] != rows[j][i] || (i == j && rest <= 0))
                {
                    return false;
                }

                lower[i, j] = i == j ? Math.Sqrt(rest) : rest / lower[j, j];
            }
        }

        return true;
    }

    private static string Unit(int size) => $"[{string.Join(", ", Enumerable.Range(0, size).Select(i =>
        $"[{string.Join(", ", Enumerable.Range(0, size).Select(j => (i == j ? 1 : 0).ToString(CultureInfo.InvariantCulture)))}]"))}]";
}
