using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Draws the times of a MeanFlow training (docs/method.md §1 and §2).</summary>
public sealed class MeanFlowTimes(IMeanFlowTraining options, ILatentSource source)
{
    private readonly TimeShift _shift = TimeShift.For(options.Time, source.Shape);
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(options.Time, source.Shape), source.Random);

    /// <summary>The pairs of times of a step, and where their intervals are split, for targets that split them.</summary>
    public (TimePairs Pairs, SplitTimes? Split) Draw(long step)
    {
        var pairs = _times.Pair(step, source.BatchSize, options.EqualFraction);
        return options switch
        {
            SplitMeanFlowOptions => (pairs, Uniform(pairs, step)),
            ShortcutOptions shortcut => Dyadic(shortcut, pairs, step),
            _ => (pairs, null),
        };
    }

    // s uniform between r and t.
    private SplitTimes Uniform(TimePairs pairs, long step)
    {
        var (r, t) = pairs;
        return new(lerp(t, r, source.Random.Uniform("split", step, source.BatchSize)), r < t, null);
    }

    // Intervals of 2^k of M grid steps, with k uniform in 1 … log2 M, whose ends are multiples of their length.
    private (TimePairs, SplitTimes) Dyadic(ShortcutOptions shortcut, TimePairs pairs, long step)
    {
        var (random, batch) = (source.Random, source.BatchSize);
        var unit = 1.0 / shortcut.GridSteps;
        var flows = random.Uniform("equal times", step, batch) < shortcut.EqualFraction;
        var level = random.Integers("interval length", step, (long)Math.Log2(shortcut.GridSteps), batch) + 1;
        var length = level.to(float32).exp2() * unit;
        var later = (random.Uniform("interval position", step, batch) / length).floor() * length;
        Tensor Shifted(Tensor time) => _shift.Apply(time);
        var (r, t) = (Shifted(later), Shifted(later + length));
        var middle = Shifted(later + (length / 2));
        var (flowR, flowT) = (pairs.T, pairs.T);
        if (shortcut.FlowInterval == "grid")
        {
            var start = random.Integers("flow position", step, shortcut.GridSteps, batch).to(float32) * unit;
            (flowR, flowT) = (Shifted(start), Shifted(start + unit));
        }

        return (
            new(where(flows, flowR, r), where(flows, flowT, t), null),
            new(where(flows, flowT, middle), flows.logical_not(), level == 1));
    }
}

/// <summary>Where the intervals of a batch are split.</summary>
/// <param name="Middle">s between r and t, [B].</param>
/// <param name="Splits">bool [B]: whether the target of the sample is that of a split interval; otherwise it is a velocity.</param>
/// <param name="Shortest">bool [B]: whether the interval is one of the shortest, whose parts can be guided; null: none is.</param>
public sealed record SplitTimes(Tensor Middle, Tensor Splits, Tensor? Shortest)
{
    /// <summary>The values of some of the samples.</summary>
    public SplitTimes Of(BatchPart part) => new(part.Of(Middle), part.Of(Splits), Shortest is null ? null : part.Of(Shortest));

    /// <summary>The values of some of the samples, int64 [n].</summary>
    public SplitTimes Rows(Tensor rows) =>
        new(Middle.index_select(0, rows), Splits.index_select(0, rows), Shortest?.index_select(0, rows));

    /// <summary>The times in another type.</summary>
    public SplitTimes To(ScalarType type) => this with { Middle = Middle.to(type) };
}
