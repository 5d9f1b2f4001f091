namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// The variance of a value between runs and between sets of samples of one run, by the analysis of variance of a one-way random-effects
/// model (S. R. Searle, G. Casella, C. E. McCulloch, <i>Variance components</i>, 1992, chapter 3): value = mean of the arm + effect of the
/// run + effect of the set, with independent effects.
/// </summary>
/// <param name="Runs">The number of runs.</param>
/// <param name="Sets">The mean number of sets of a run, as the estimator of <paramref name="Between"/> weights it.</param>
/// <param name="Between">The variance between runs: the variance of the mean over infinitely many sets. 0 where the estimate is negative.</param>
/// <param name="Within">The variance between sets of samples of one run.</param>
public sealed record VarianceComponents(int Runs, double Sets, double Between, double Within)
{
    /// <summary>The standard deviation between runs.</summary>
    public double BetweenDeviation => Math.Sqrt(Between);

    /// <summary>The standard deviation between sets of samples of one run.</summary>
    public double WithinDeviation => Math.Sqrt(Within);

    /// <summary>The variance of the mean of a run over a number of sets.</summary>
    public double OfRun(int sets) => Between + (Within / sets);

    /// <summary>Estimates the components from the values of all sets of all runs of each arm; arms may differ in their means.</summary>
    /// <param name="arms">Arm → run → the value of each set. Runs without a value are ignored.</param>
    /// <returns>Null unless an arm has two runs and a run has two sets.</returns>
    public static VarianceComponents? Of(IEnumerable<IReadOnlyList<IReadOnlyList<double>>> arms)
    {
        double squaresBetween = 0, squaresWithin = 0, weighted = 0;
        int runs = 0, freedomBetween = 0, freedomWithin = 0;
        foreach (var arm in arms)
        {
            IReadOnlyList<double>[] measured = [.. arm.Where(run => run.Count > 0)];
            int values = measured.Sum(run => run.Count);
            if (values == 0)
            {
                continue;
            }

            double mean = measured.Sum(run => run.Sum()) / values;
            squaresBetween += measured.Sum(run => run.Count * Square(run.Average() - mean));
            squaresWithin += measured.Sum(run => run.Sum(value => Square(value - run.Average())));
            weighted += values - (measured.Sum(run => Square(run.Count)) / values);
            runs += measured.Length;
            freedomBetween += measured.Length - 1;
            freedomWithin += values - measured.Length;
        }

        if (freedomBetween == 0 || freedomWithin == 0)
        {
            return null;
        }

        double within = squaresWithin / freedomWithin, sets = weighted / freedomBetween;
        return new(runs, sets, Math.Max(0, ((squaresBetween / freedomBetween) - within) / sets), within);
    }

    private static double Square(double value) => value * value;
}
