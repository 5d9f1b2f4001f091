using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

/// <summary>No tensor outlives the scope of its step, whatever the objective and the estimator of the derivative.</summary>
public sealed class LiveTensorTests
{
    private static readonly TrainingOptions Training = new(4, TinyLatents.Batch);

    private static readonly (string Name, DerivativeOptions Options)[] Estimators =
    [
        ("jvp", new JvpOptions()),
        ("jvpDoubleBackward", new JvpDoubleBackwardOptions()),
        ("centralDifference", new CentralDifferenceOptions()),
        ("centralDifference, concatenated", new CentralDifferenceOptions(SharedDropout: false, Batching: "concatenated")),
        ("forwardDifference", new ForwardDifferenceOptions()),
        ("forwardDifference, concatenated", new ForwardDifferenceOptions(SharedDropout: false, Batching: "concatenated")),
    ];

    private static readonly (string Name, double Lambda, GuidanceOptions? Guidance)[] Targets =
        [("MFT", 0, null), ("mix", 0.5, null), ("MFD", 1, null), ("guided MFD", 1, new GuidanceOptions(2))];

    public static TheoryData<string> Objectives() =>
    [
        "flow matching", "CMT", "guided CMT",
        .. Estimators.SelectMany(estimator => Targets.Select(target => $"{target.Name} by {estimator.Name}")),
    ];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void A_step_leaves_no_tensors_behind(string name)
    {
        var (objective, weights) = Create(name);
        weights.Train();
        void Step(long step)
        {
            using var scope = NewDisposeScope();
            weights.Gradient!.zero_();
            objective.Evaluate(weights, step).Loss.backward();
        }
        Step(0);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Step(1);
        Step(2);
        Step(3);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void Every_estimator_is_watched() => Estimators.Select(estimator => estimator.Options.GetType()).Distinct()
        .Should().BeEquivalentTo(typeof(DerivativeOptions).Assembly.GetTypes().Where(type => type.BaseType == typeof(DerivativeOptions)));

    private static (IObjective Objective, Weights Weights) Create(string name)
    {
        var source = TinyLatents.Batches();
        var (network, weights) = TinyLatents.Network(interval: name != "flow matching", 1);
        var teacher = TinyLatents.Teacher(2);
        if (name == "flow matching")
            return (new FlowMatchingObjective(new(TinyLatents.Sizes, new UniformTimeOptions(), Training), network, source), weights);
        if (name.EndsWith("CMT", StringComparison.Ordinal))
        {
            var cmt = new TrajectoryCmtOptions(
                Training, TrajectoryPoints: 4, Guidance: name == "CMT" ? null : new GuidanceOptions(2));
            return (new CmtObjective(cmt, network, teacher, source), weights);
        }
        var target = Targets.Single(target => name.StartsWith(target.Name + " by ", StringComparison.Ordinal));
        var estimator = Estimators.Single(estimator => name.EndsWith(" by " + estimator.Name, StringComparison.Ordinal));
        var options = new LambdaMeanFlowOptions(
            target.Lambda, TinyLatents.Sizes, new LogitNormalTimeOptions(), estimator.Options, new AdaptiveLossWeightOptions(), Training,
            EqualFraction: 0.5, Guidance: target.Guidance);
        return (new MeanFlowObjective(options, network, target.Lambda > 0 ? teacher : null, source), weights);
    }
}
