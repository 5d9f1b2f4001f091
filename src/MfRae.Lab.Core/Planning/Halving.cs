using System.Globalization;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// Successive halving over pilot seeds (arXiv 1502.07943): after each rung, the arms with the best mean of the primary metric continue, and the
/// others stop. The selection uses pilot seeds only, so the seeds that confirm are not biased by it.
/// </summary>
/// <param name="Rungs">The numbers of pilot seeds after which arms are compared, ascending.</param>
/// <param name="Keep">The share of the arms, without the baseline, that continue after a rung, rounded up.</param>
public sealed record Halving(IReadOnlyList<int> Rungs, double Keep = Halving.UsualShare)
{
    /// <summary>The default of <see cref="Keep"/>.</summary>
    public const double UsualShare = 0.5;

    /// <summary>The number of rungs that must be decided before a run may start.</summary>
    /// <param name="pilots">The pilot seeds in the order of the file.</param>
    public int RungsBefore(PlannedRun run, IReadOnlyList<long> pilots)
    {
        int place = run.Pilot ? pilots.ToList().IndexOf(run.Seed) : int.MaxValue;
        return Rungs.Count(seeds => seeds <= place);
    }

    /// <summary>Decides rung after rung, up to the first one that lacks a result.</summary>
    /// <param name="arms">The names of the arms in the order of the file, and whether each is the baseline, which always continues.</param>
    /// <param name="pilots">The pilot seeds in the order of the file.</param>
    /// <param name="higherIsBetter">The direction of the primary metric.</param>
    /// <param name="result">The result of an arm under a pilot seed; null if it has not ended.</param>
    public HalvingState Decide(IReadOnlyList<Arm> arms, IReadOnlyList<long> pilots, bool higherIsBetter, Func<string, long, PilotResult?> result)
    {
        var alive = arms.Where(arm => !arm.Baseline).Select(arm => arm.Name).ToList();
        var stopped = new Dictionary<string, StoppedArm>();
        for (int rung = 0; rung < Rungs.Count; rung++)
        {
            var seeds = pilots.Take(Rungs[rung]).ToList();
            var ended = arms.Where(arm => arm.Baseline || alive.Contains(arm.Name)).SelectMany(arm => seeds.Select(seed => result(arm.Name, seed)));
            if (ended.Any(one => one is null))
            {
                return new(rung, stopped);
            }

            // The sort is stable, so equal arms keep the order of the file. An arm without a value, such as a diverged one, is the worst.
            var means = alive.ToDictionary(arm => arm, arm => Mean([.. seeds.Select(seed => result(arm, seed)!.Value)]));
            var order = alive.OrderBy(arm => means[arm] is not { } mean ? double.PositiveInfinity : higherIsBetter ? -mean : mean).ToList();
            int kept = Math.Max(1, (int)Math.Ceiling((alive.Count * Keep) - 1e-9));
            foreach (var (place, arm) in order.Index().Skip(kept))
            {
                stopped[arm] = new(rung, seeds.Count, means[arm], place + 1, order.Count, kept);
            }

            alive = order.Take(kept).ToList();
        }

        return new(Rungs.Count, stopped);
    }

    // One seed without a value makes the arm the worst: a mean over the other seeds would hide the divergence.
    private static double? Mean(IReadOnlyList<double?> values) =>
        values.All(value => value is { } number && double.IsFinite(number)) ? values.Average() : null;
}

/// <summary>The result of a run under a pilot seed that has ended.</summary>
/// <param name="Value">The primary metric; null if the run diverged or was stopped.</param>
public sealed record PilotResult(double? Value);

/// <summary>The decisions of a halving so far.</summary>
/// <param name="Decided">The number of decided rungs.</param>
/// <param name="Stopped">The stopped arms.</param>
public sealed record HalvingState(int Decided, IReadOnlyDictionary<string, StoppedArm> Stopped);

/// <summary>An arm that a rung stopped.</summary>
/// <param name="Rung">The rung, from 0.</param>
/// <param name="Seeds">The number of pilot seeds that it was judged by.</param>
/// <param name="Mean">Its mean; null without one.</param>
/// <param name="Place">Its place among the arms of the rung, from 1.</param>
/// <param name="Of">The number of arms of the rung, without the baseline.</param>
/// <param name="Kept">The number of arms that continue.</param>
public sealed record StoppedArm(int Rung, int Seeds, double? Mean, int Place, int Of, int Kept)
{
    /// <summary>`stopped after rung 1: place 5 of 7 by fid@1 (31.2 on 2 pilot seeds); 4 continue`.</summary>
    public string Reason(string metric) => string.Create(
        CultureInfo.InvariantCulture,
        $"stopped after rung {Rung + 1}: place {Place} of {Of} by {metric} ({(Mean is { } mean ? $"{mean:0.####}" : "no value")} on {Seeds} pilot seed{(Seeds == 1 ? "" : "s")}); {Kept} continue");
}
