using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>A training stage on one card.</summary>
/// <param name="Precision">The precision of its options.</param>
/// <param name="Choices">The largest micro-batch without and with recomputation.</param>
/// <param name="Days">The days of the whole training in each precision, without recomputation.</param>
public sealed record CardPlan(
    string Stage, string Precision, IReadOnlyList<CardChoice> Choices, IReadOnlyList<(string Precision, double Days)> Days)
{
    /// <summary>The share of a card's memory that a plan uses. The rest is for the context, workspaces and fragmentation.</summary>
    public const double UsableShare = 0.9;

    /// <summary>The share of the peak speed at which the days are computed. The steps of the paper's experiments were chosen with it.</summary>
    public const double Utilisation = 0.4;

    /// <summary>The peak speed of an H100 (SXM) in operations a second, without sparsity, by precision.</summary>
    public static IReadOnlyList<(string Precision, double Peak)> Speeds { get; } =
        [("float32", 67e12), (TrainingOptions.Tf32, 495e12), (TrainingOptions.BFloat16, 989e12)];

    /// <summary>The plan of a stage.</summary>
    /// <param name="profiles">The stage in each precision of <see cref="Speeds"/>.</param>
    /// <param name="own">The stage in the precision of its options.</param>
    /// <param name="memory">The bytes of the card.</param>
    internal static CardPlan Of(TrainingProfile own, IReadOnlyList<TrainingProfile> profiles, double memory) => new(
        own.Stage,
        own.Precision,
        own.Recomputes ? [CardChoice.Of(own, memory, recompute: false), CardChoice.Of(own, memory, recompute: true)]
            : [CardChoice.Of(own, memory, recompute: false)],
        [.. profiles.Select(profile => (profile.Precision, DaysOf(profile, recompute: false)))]);

    internal static double DaysOf(TrainingProfile profile, bool recompute)
    {
        const double perMultiplyAdd = 2, secondsPerDay = 86_400;
        double Seconds(MultiplyAddsIn work) => perMultiplyAdd * work.Count / (Utilisation * Speed(work.Precision));
        var step = profile.Work.Sum(work => Seconds(new(work.Step.Total, work.FullPrecision && profile.Precision == TrainingOptions.BFloat16 ? "float32" : profile.Precision)))
            + (recompute ? Seconds(new(profile.Recomputation.Total, profile.Precision)) : 0);
        return profile.Steps * step / secondsPerDay;
    }

    private static double Speed(string precision) => Speeds.Single(speed => speed.Precision == precision).Peak;

    private readonly record struct MultiplyAddsIn(double Count, string Precision);
}

/// <summary>A way to run a training stage within the memory of a card.</summary>
/// <param name="Recompute">Whether activations are recomputed.</param>
/// <param name="MicroBatch">The samples that are evaluated at once; null if not even one fits.</param>
/// <param name="Bytes">The memory of that micro-batch; of one sample if none fits.</param>
/// <param name="Days">The days of the whole training in the precision of its options.</param>
public sealed record CardChoice(bool Recompute, int? MicroBatch, double Bytes, double Days)
{
    internal static CardChoice Of(TrainingProfile profile, double memory, bool recompute)
    {
        var most = Largest(profile, CardPlan.UsableShare * memory, recompute);
        // Parts of one size: the same number of parts as with the largest micro-batch.
        var even = most is { } samples ? Parts(profile.Batch, Parts(profile.Batch, samples)) : (int?)null;
        return new(recompute, even, profile.TotalBytes(even ?? 1, recompute), CardPlan.DaysOf(profile, recompute));
    }

    private static int? Largest(TrainingProfile profile, double usable, bool recompute)
    {
        // The memory is affine in the micro-batch.
        var one = profile.TotalBytes(1, recompute);
        if (one > usable)
            return null;
        if (!profile.Divides)
            return profile.TotalBytes(0, recompute) <= usable ? profile.Batch : null;
        var each = profile.Batch > 1 ? profile.TotalBytes(2, recompute) - one : 0;
        return each > 0 ? (int)Math.Min(profile.Batch, 1 + Math.Floor((usable - one) / each)) : profile.Batch;
    }

    private static int Parts(int whole, int part) => (whole + part - 1) / part;
}
