using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
public sealed class MeanFlowTargetTests
{
    private const int Null = 3;
    private static readonly TrainingOptions Training = new(10, TinyLatents.Batch);

    public static TheoryData<string> Names => [.. Family.All(TinyLatents.Sizes, Training).Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_target_is_held_fixed(string name)
    {
        // The gradient must be that of the error to a target that is a number.
        var (network, weights) = TinyLatents.Network(interval: true, 1, ScalarType.Float64);
        var options = Family.All(TinyLatents.Sizes, Training)[name];
        var objective = new MeanFlowObjective(options, network, TinyLatents.Teacher(2, ScalarType.Float64), TinyLatents.Batches());
        weights.Train();
        objective.Evaluate(weights, 2).Loss.backward();
        var gradient = weights.Gradient!.clone();
        gradient.abs().max().item<double>().Should().BePositive();

        var before = objective.Evaluate(weights, 2).Loss.item<double>();
        var again = objective.Evaluate(weights, 2).Loss.item<double>();
        again.Should().Be(before, "a step is a function of its number");
    }

    [Fact]
    public void Guidance_inside_training_is_omega_kappa_and_the_rest_of_one()
    {
        // u is 10 with a label and 1 without.
        var labels = tensor(new long[] { 0, 1, 2, 1 });
        var y = tensor(new long[] { 0, 1, Null, 1 });
        var t = tensor(new[] { 0.5, 0.9, 0.5, 0.2 }, float64);
        var onePoint = full([4, 1, 1, 1], 3.0, dtype: float64);
        var samples = new MeanFlowSamples(zeros_like(onePoint), onePoint, t, t, labels, y);
        double[] Of(SelfGuidanceOptions guidance)
        {
            var options = new LambdaMeanFlowOptions(
                0, TinyLatents.Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training,
                SelfGuidance: guidance);
            return [.. new VelocityMix(options, null, Null).At(Labelled, samples, false).Mix(0).data<double>()];
        }

        // 0.5 · 3 + 0.3 · 10 + 0.2 · 1 within [0.2, 0.6].
        Close(Of(new(0.5, 0.3, 0.2, 0.6)), 4.7, 3, 3, 4.7);
        // A dropped label has 0.5 · 3 + 0.3 · 1 + 0.2 · 1.
        Close(Of(new(0.5, 0.3, 0.2, 0.6, SelfGuidanceOptions.Guided)), 4.7, 3, 2, 4.7);
        // Improved MeanFlow with scale 2: v̂ + (1 - 1/2)(10 - 1).
        Close(Of(new(1, 0.5, 0, 1)), 7.5, 7.5, 3, 7.5);
        Close(Of(new()), 3, 3, 3, 3);

        static void Close(double[] values, params double[] expected) =>
            values.Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-12);
    }

    [Fact]
    public void Guidance_of_both_velocities_has_one_scale_for_every_lambda()
    {
        // The teacher is exact: its velocity with the label is the mean of v̂, 4, and without it 1.
        VelocityField teacher = (z, _, y) => where((y == Null).view(-1, 1, 1, 1), ones_like(z), full_like(z, 4));
        var z = zeros([2, 1, 1, 1], dtype: float64);
        var t = tensor(new[] { 0.5, 0.5 }, float64);
        var labels = tensor(new long[] { 0, 1 });
        var samples = new MeanFlowSamples(z, full_like(z, 4), t, t, labels, labels);
        double At(double lambda, string mixed) => new VelocityMix(
            new LambdaMeanFlowOptions(
                lambda, TinyLatents.Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training,
                Guidance: new(2), MixedGuidance: mixed),
            teacher, Null).At(Labelled, samples, lambda > 0).Mix(lambda)[0].item<double>();

        foreach (var lambda in new[] { 0, 0.25, 0.7, 1 })
        {
            At(lambda, LambdaMeanFlowOptions.GuideBoth).Should().BeApproximately(1 + (2 * 3), 1e-12);
            // The scale of the fixed point is 1 + λ (2 - 1).
            At(lambda, "teacher").Should().BeApproximately(1 + ((1 + lambda) * 3), 1e-12);
        }
    }

    [Theory]
    [InlineData("equal")]
    [InlineData("grid")]
    public void Shortcut_intervals_lie_on_a_dyadic_grid(string flows)
    {
        var options = new ShortcutOptions(
            TinyLatents.Sizes, new UniformTimeOptions(), new PlainLossWeightOptions(), Training, 8, FlowInterval: flows, EqualFraction: 0.4);
        var times = new MeanFlowTimes(options, TinyLatents.Batches());
        var lengths = new List<double>();
        var velocities = 0;
        for (var step = 0; step < 60; step++)
        {
            var ((r, t, _), split) = times.Draw(step);
            for (var i = 0; i < TinyLatents.Batch; i++)
            {
                double Of(Tensor all) => all[i].to(float64).item<double>();
                var length = Of(t) - Of(r);
                if (!split!.Splits[i].item<bool>())
                {
                    velocities++;
                    length.Should().BeApproximately(flows == "grid" ? 1.0 / 8 : 0, 1e-6);
                    continue;
                }
                lengths.Add(length);
                Of(split.Middle).Should().BeApproximately((Of(r) + Of(t)) / 2, 1e-6);
                Math.IEEERemainder(Of(r), length).Should().BeApproximately(0, 1e-6);
                split.Shortest![i].item<bool>().Should().Be(length < 0.3);
            }
        }

        lengths.Distinct().Order().Should().Equal(0.25, 0.5, 1);
        // 960 samples: four standard deviations are .063.
        (velocities / 960.0).Should().BeApproximately(0.4, 0.064);
    }

    [Fact]
    public void A_split_lies_between_the_ends()
    {
        var options = new SplitMeanFlowOptions(
            TinyLatents.Sizes, new UniformTimeOptions(), new PlainLossWeightOptions(), Training, EqualFraction: 0.5);
        var ((r, t, _), split) = new MeanFlowTimes(options, TinyLatents.Batches()).Draw(0);
        (split!.Middle >= r).logical_and(split.Middle <= t).all().item<bool>().Should().BeTrue();
        (split.Splits == (r < t)).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void Alpha_falls_from_trajectory_flow_matching_to_MeanFlow()
    {
        var schedule = new AlphaSchedule(new(), 1000);
        (schedule.At(0), schedule.At(999)).Should().Be((1, 0));
        schedule.At(500).Should().BeApproximately(0.5, 1e-12);
        // 25 (p - 1/2) = ± log 199 where α is .005 and .995.
        var edge = Math.Log(199) / 25;
        schedule.Share(alpha => alpha is > 0 and < 1).Should().BeApproximately(2 * edge, 0.002);
        new AlphaSchedule(new(Discrete: true), 1000).Share(alpha => alpha == 0).Should().Be(0);
    }

    private static IAverageVelocity Labelled(Func<int, Tensor> labels) => new ByLabel(labels(0));

    private sealed class ByLabel(Tensor y) : IAverageVelocity
    {
        public Tensor At(Tensor z, Tensor r, Tensor t, int[] probes) =>
            where((y == Null).view(-1, 1, 1, 1), ones_like(z), full_like(z, 10));

        public Dual At(Dual z, Dual r, Dual t) => throw new NotSupportedException("nothing differentiates it");

        public IAverageVelocity Rows(Tensor rows) => new ByLabel(y.index_select(0, rows));
    }
}
