using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

/// <summary>The norm of the gradient without the loss weight, which sees an exploding target that the weight hides.</summary>
[Scoped]
public sealed class UnweightedNormTests : IDisposable
{
    private const string Weighted = "gradientNorm";
    private const string Unweighted = "gradientNorm.unweighted";

    private static readonly AdaptiveLossWeightOptions Adaptive = new(Power: 1, Offset: 0.05);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void While_a_target_explodes_the_weighted_norm_falls_and_the_unweighted_norm_grows()
    {
        var points = Points(Train("run", new(12), new Exploding(Adaptive), 1, out _));

        points.Should().HaveCount(12);
        var (weighted, unweighted) = (points.Select(point => point.Values[Weighted]!.Value).ToList(), points.Select(point => point.Values[Unweighted]!.Value).ToList());
        weighted.Should().BeInDescendingOrder();
        unweighted.Should().BeInAscendingOrder();
        // The target doubles with each step, and so does its error: M is e², so the weighted gradient is about 2/e.
        (unweighted[^1] / unweighted[0]).Should().BeGreaterThan(1000);
        (weighted[0] / weighted[^1]).Should().BeGreaterThan(1000);
    }

    [Fact]
    public void A_limit_sees_the_explosion_that_the_weight_hides()
    {
        var limited = new TrainingOptions(40, GradientNormLimit: 1000, GradientNormSteps: 5);
        TestStage? stage = null;

        FluentActions.Invoking(() => Train("limited", limited, new Exploding(Adaptive), 4, out _, made => stage = made)).Should().Throw<DivergedException>()
            .WithMessage("the gradient norm of the unweighted loss was above 1000 for * steps in a row, by step *");

        var points = Points(stage!);
        points.Should().OnlyContain(point => point.Values[Weighted] < 1000);
        points.Where(point => point.Step % 4 != 0).Should().OnlyContain(point => point.Values.ContainsKey(Unweighted), "single steps show the norm that has the limit");
    }

    [Fact]
    public void The_second_pass_changes_no_bit_of_the_training()
    {
        Train("always", new(12), new Exploding(Adaptive), 1, out var always);
        Train("seldom", new(12), new Exploding(Adaptive), 5, out var seldom);
        Train("limited", new(12, GradientNormLimit: 1e30), new Exploding(Adaptive), 5, out var limited);
        Train("never", new(12), new Exploding(Adaptive, tells: false), 5, out var never);

        always.Should().Equal(never);
        seldom.Should().Equal(never);
        limited.Should().Equal(never);
    }

    [Fact]
    public void With_the_plain_weight_it_is_the_gradient_norm_itself()
    {
        var points = Points(Train("plain", new(8), new Exploding(new PlainLossWeightOptions()), 2, out _));
        points.Should().OnlyContain(point => point.Values[Unweighted] == point.Values[Weighted]);
    }

    [Fact]
    public void An_objective_without_weight_has_no_such_series() =>
        Points(Train("none", new(4), new TrainerTests.Regression(), 1, out _)).Should().OnlyContain(point => !point.Values.ContainsKey(Unweighted));

    [Fact]
    public void MeanFlow_reports_the_gradient_of_its_plain_loss()
    {
        var plain = Gradient(new PlainLossWeightOptions(), value => value.Loss);
        foreach (var weight in (LossWeightOptions[])[Adaptive, new AdaptiveSumLossWeightOptions(), new ReleasedLossWeightOptions()])
            ((Gradient(weight, value => value.Unweighted!) - plain).norm() / plain.norm()).item<float>().Should().BeLessThan(1e-5f);
    }

    private static Tensor Gradient(LossWeightOptions weight, Func<ObjectiveValue, Tensor> loss)
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        weights.Train();
        var options = new LambdaMeanFlowOptions(
            0, TinyLatents.Sizes, new UniformTimeOptions(), new CentralDifferenceOptions(), weight, new TrainingOptions(1, TinyLatents.Batch), EqualFraction: 0.5);
        loss(new MeanFlowObjective(options, network, null, TinyLatents.Batches()).Evaluate(weights, 0)).backward();
        return weights.Gradient!.clone();
    }

    private static List<MetricsEvent> Points(TestStage stage) => [.. stage.Events.OfType<MetricsEvent>()];

    private TestStage Train(
        string folder, TrainingOptions options, IObjective objective, int logEvery, out float[] trained, Action<TestStage>? made = null)
    {
        var stage = new TestStage(_folder.File(folder)) { LogEvery = logEvery };
        made?.Invoke(stage);
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(options, stage.Context()).Run(TrainerTests.Regression.Spec, weights, objective);
        trained = average.Flat.data<float>().ToArray();
        return stage;
    }

    /// <summary>A linear layer towards a constant that doubles with each step.</summary>
    private sealed class Exploding(LossWeightOptions weight, bool tells = true) : IObjective
    {
        public ObjectiveValue Evaluate(Weights weights, long step)
        {
            var x = ones(1, 2);
            var difference = (Layers.Linear(weights, "line", x) - (10 * Math.Pow(2, step))).view(1, 1, 1, 1);
            var loss = LossWeight.Apply(weight, difference);
            return new(loss)
            {
                Unweighted = !tells ? null : weight is PlainLossWeightOptions ? loss : LossWeight.Apply(new PlainLossWeightOptions(), difference),
            };
        }
    }
}
