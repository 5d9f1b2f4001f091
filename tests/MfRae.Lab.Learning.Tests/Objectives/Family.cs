using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Tests.Objectives;

/// <summary>Options of each target of the family, with guidance and dropped labels, for tests of all of them.</summary>
internal static class Family
{
    private static readonly UniformTimeOptions Time = new();
    private static readonly AdaptiveLossWeightOptions Weight = new();

    /// <summary>Name → options.</summary>
    public static IReadOnlyDictionary<string, IMeanFlowTraining> All(DitOptions sizes, TrainingOptions training) =>
        new Dictionary<string, IMeanFlowTraining>
        {
            ["improved MeanFlow"] = new LambdaMeanFlowOptions(
                0, sizes, Time, new JvpOptions(), Weight, training, EqualFraction: 0.5, LabelDropout: 0.3,
                Tangent: LambdaMeanFlowOptions.NetworkTangent, SelfGuidance: new(1, 0.5, 0.2, 0.9)),
            ["MeanFlow with guidance of both velocities"] = new LambdaMeanFlowOptions(
                0.5, sizes, Time, new JvpOptions(), new CauchyLossWeightOptions(), training, EqualFraction: 0.5, LabelDropout: 0.3,
                Guidance: new(2), MixedGuidance: LambdaMeanFlowOptions.GuideBoth),
            ["α-Flow, discrete"] = Alpha(sizes, training, new("step", 0.4, 0.4)),
            ["α-Flow, annealed"] = Alpha(sizes, training, new("linear", Finish: 4)),
            ["SplitMeanFlow"] = new SplitMeanFlowOptions(
                sizes, Time, Weight, training, 0.5, EqualFraction: 0.5, LabelDropout: 0.3, SelfGuidance: new(0.5, 0.4)),
            ["Shortcut"] = new ShortcutOptions(
                sizes, Time, Weight, training, 8, 4, "grid", 2, EqualFraction: 0.5, LabelDropout: 0.3),
        };

    private static AlphaFlowOptions Alpha(DitOptions sizes, TrainingOptions training, AlphaScheduleOptions alpha) => new(
        sizes, Time, new JvpOptions(), Weight, training, alpha, EqualFraction: 0.5, LabelDropout: 0.3,
        SelfGuidance: new(0.2, 0.92, Dropped: SelfGuidanceOptions.Guided));
}
