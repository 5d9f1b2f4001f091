using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

[Scoped]
public sealed class TrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Twenty_steps_are_ten_and_a_restart_and_ten_in_every_bit()
    {
        var whole = Train(_folder.File("whole"), 20, out _);

        var halves = _folder.File("halves");
        FluentActions.Invoking(() => Train(halves, 20, out _, stopAfter: 10)).Should().Throw<OperationCanceledException>();
        var resumed = Train(halves, 20, out var journal);

        resumed.Should().Equal(whole);
        journal.Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(10));
        journal.Events.OfType<MetricsEvent>().Select(metrics => metrics.Step).Should().Equal(Enumerable.Range(11, 10).Select(i => (long)i));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    public void Snapshots_are_the_same_whether_or_not_training_was_interrupted(int stopAt)
    {
        List<(int Step, float[] Weights)> whole = [], parts = [];
        var numbers = Train(_folder.File("whole"), 10, out _, snapshots: Keep(whole));
        FluentActions.Invoking(() => Train(_folder.File("parts"), 10, out _, stopAt: stopAt, snapshots: Keep(parts)))
            .Should().Throw<OperationCanceledException>();
        Train(_folder.File("parts"), 10, out _, snapshots: Keep(parts)).Should().Equal(numbers);

        whole.Select(snapshot => snapshot.Step).Should().Equal(0, 5, 10);
        parts.Select(snapshot => snapshot.Step).Should().Equal(0, 5, 10);
        foreach (var (one, other) in whole.Zip(parts))
            other.Weights.Should().Equal(one.Weights);
        whole[^1].Weights.Should().Equal(numbers, "the last one is the result");
        Train(_folder.File("without"), 10, out _).Should().Equal(numbers, "keeping changes nothing");
    }

    private static Snapshots Keep(List<(int, float[])> kept) =>
        new([0, 5, 10], (step, weights) => kept.Add((step, weights.Flat.data<float>().ToArray())));

    [Theory]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(13)]
    public void A_curve_that_was_interrupted_between_two_reports_is_the_same_curve(int stopAfter)
    {
        Train(_folder.File("whole"), 20, out var uninterrupted, logEvery: 5);

        var parts = _folder.File("parts");
        FluentActions.Invoking(() => Train(parts, 20, out _, logEvery: 5, stopAt: stopAfter)).Should().Throw<OperationCanceledException>();
        Train(parts, 20, out var journal, logEvery: 5);

        var points = uninterrupted.Events.OfType<MetricsEvent>().Where(metrics => metrics.Step > stopAfter).ToList();
        journal.Events.OfType<MetricsEvent>().Should().HaveSameCount(points);
        foreach (var (resumed, whole) in journal.Events.OfType<MetricsEvent>().Zip(points))
        {
            resumed.Step.Should().Be(whole.Step);
            resumed.Values.Should().Equal(whole.Values);
        }
    }

    [Theory]
    [InlineData(7, 8)]
    [InlineData(7, 13)]
    [InlineData(10, 20)]
    public void Attempts_that_die_after_a_checkpoint_leave_weights_and_curves_as_if_they_had_not_been(int checkpointAt, int dieAt)
    {
        var whole = Train(_folder.File("whole"), 20, out var uninterrupted, logEvery: 5);

        var parts = _folder.File("parts");
        TestStage? first = null, dead = null;
        FluentActions.Invoking(() => Train(parts, 20, out first, logEvery: 5, stopAt: checkpointAt))
            .Should().Throw<OperationCanceledException>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            FluentActions.Invoking(() => Train(parts, 20, out dead, logEvery: 5, dieAt: dieAt)).Should().Throw<InvalidOperationException>();
            dead!.Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(checkpointAt));
        }

        Train(parts, 20, out var last, logEvery: 5).Should().Equal(whole);

        var points = Points(first!).Where(point => point.Step <= checkpointAt).Concat(Points(last)).ToList();
        points.Select(point => point.Step).Should().Equal(5, 10, 15, 20);
        foreach (var (resumed, expected) in points.Zip(Points(uninterrupted)))
            resumed.Values.Should().Equal(expected.Values);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(17)]
    public void A_checkpoint_that_is_written_while_training_continues_has_the_bits_of_its_step(int dieAt)
    {
        var whole = Train(_folder.File("whole"), 20, out _);

        var parts = _folder.File("parts");
        TestStage? dead = null;
        FluentActions.Invoking(() => Train(parts, 20, out dead, dieAt: dieAt, checkpointSeconds: 0)).Should().Throw<InvalidOperationException>();
        dead!.Flushes.Should().NotBeEmpty();
        Directory.EnumerateFiles(parts, "checkpoint.*.safetensors").Should().ContainSingle();

        Train(parts, 20, out var resumed).Should().Equal(whole);
        resumed.Events.OfType<ResumedEvent>().Should().ContainSingle().Which.Step.Should().BeInRange(1, dieAt - 1);
    }

    [Fact]
    public void The_journal_is_with_the_system_before_a_checkpoint_appears()
    {
        TestStage? journal = null;
        FluentActions.Invoking(() => Train(_folder.File("run"), 20, out journal, stopAt: 7)).Should().Throw<OperationCanceledException>();

        var (events, files) = journal!.Flushes.Should().ContainSingle().Which;
        journal.Events.Take(events).OfType<MetricsEvent>().Select(metrics => metrics.Step).Should().EndWith(7L);
        journal.Events.Skip(events).Should().Equal(new CheckpointEvent(7));
        files.Should().NotContain(file => file.StartsWith("checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_checkpoint_is_told_of_and_not_gone_on_from()
    {
        var whole = Train(_folder.File("whole"), 20, out _);
        var random = new Random(3);
        for (var damage = 0; damage < 10; damage++)
        {
            var folder = _folder.File($"damaged-{damage}");
            FluentActions.Invoking(() => Train(folder, 20, out _, stopAfter: 10)).Should().Throw<OperationCanceledException>();
            var path = Path.Combine(folder, damage % 3 == 0 ? "checkpoint.json" : "checkpoint.10.safetensors");
            var content = File.ReadAllBytes(path);
            if (damage % 2 == 0)
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, damage % 2 == 0 ? content : content[..random.Next(content.Length)]);

            Train(folder, 20, out var journal).Should().Equal(whole);

            journal.Events.OfType<NoticeEvent>().Should().ContainSingle().Which.Text.Should().EndWith("training restarts from step 0");
            journal.Events.OfType<ResumedEvent>().Should().BeEmpty();
        }
    }

    [Fact]
    public void A_checkpoint_of_a_newer_version_is_continued_from_or_kept_for_it()
    {
        var folder = _folder.File("newer");
        FluentActions.Invoking(() => Train(folder, 20, out _, stopAt: 10)).Should().Throw<OperationCanceledException>();
        var record = Path.Combine(folder, "checkpoint.json");
        var known = File.ReadAllText(record);

        File.WriteAllText(record, known.Replace("{", "{\"format\":2,", StringComparison.Ordinal));
        FluentActions.Invoking(() => Train(folder, 20, out _)).Should().Throw<LabException>()
            .WithMessage($"{record} has format 2*update the program*");
        File.Exists(record).Should().BeTrue();

        File.WriteAllText(record, known.Replace("{", "{\"written\":\"later\",", StringComparison.Ordinal));
        Train(folder, 20, out var journal);
        journal!.Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(10));
    }

    [Fact]
    public void A_gradient_above_its_limit_for_too_long_is_a_divergence_also_across_a_restart()
    {
        var folder = _folder.File("explodes");
        void Explode(int stopAt) => Train(folder, 60, out _, logEvery: 4, limit: 1e-9, patience: 23, stopAt: stopAt);

        FluentActions.Invoking(() => Explode(15)).Should().Throw<OperationCanceledException>();

        FluentActions.Invoking(() => Explode(int.MaxValue)).Should().Throw<DivergedException>()
            .WithMessage("the gradient norm of the unweighted loss was above 1E-09 for 24 steps in a row, by step 24");
    }

    [Fact]
    public void A_gradient_below_its_limit_changes_nothing() =>
        Train(_folder.File("limited"), 12, out _, limit: 1e9, patience: 1).Should().Equal(Train(_folder.File("free"), 12, out _));

    [Fact]
    public void How_often_it_reports_does_not_change_the_numbers() =>
        Train(_folder.File("often"), 12, out _, logEvery: 1).Should().Equal(Train(_folder.File("seldom"), 12, out _, logEvery: 5));

    [Fact]
    public void Training_lowers_the_loss()
    {
        Train(_folder.File("run"), 60, out var journal);
        var losses = journal.Events.OfType<MetricsEvent>().Select(metrics => metrics.Values["loss"]!.Value).ToList();
        losses[^1].Should().BeLessThan(losses[0] / 2);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_a_divergence_and_its_curve_is_kept()
    {
        var journal = new TestStage(_folder.File("broken"));
        var objective = new Regression(breakAt: 3);
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        FluentActions.Invoking(() => new Trainer(new TrainingOptions(10), journal.Context()).Run(Regression.Spec, weights, objective))
            .Should().Throw<DivergedException>().Which.Step.Should().Be(4);
        journal.Events.OfType<MetricsEvent>().Last().Values["loss"].Should().BeNull();
    }

    [Fact]
    public void The_learning_rate_of_a_report_is_the_one_in_force()
    {
        var stage = new TestStage(_folder.File("rate")) { LogEvery = 5 };
        var options = new TrainingOptions(20, LearningRate: 0.05, WarmupSteps: 8, Schedule: "cosine");
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(options, stage.Context()).Run(Regression.Spec, weights, new Regression());

        Points(stage).Select(point => point.Values["learningRate"])
            .Should().Equal(new long[] { 5, 10, 15, 20 }.Select(step => (double?)LearningRate.At(options, step - 1)));
    }

    [Fact]
    public void No_tensor_outlives_its_step()
    {
        Train(_folder.File("warm"), 3, out _);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Train(_folder.File("short"), 5, out _);
        var afterShort = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Train(_folder.File("long"), 45, out _);
        (DisposeScopeManager.Statistics.ThreadTotalLiveCount - afterShort).Should().Be(afterShort - before);
    }

    [Fact]
    public void AdamW_is_that_of_torch()
    {
        var options = new TrainingOptions(1, WeightDecay: 0.1);
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        weights.Train();
        var twin = new TorchSharp.Modules.Parameter(weights.Flat.clone());
        using var theirs = optim.AdamW([twin], lr: 0.01, beta1: 0.9, beta2: 0.95, weight_decay: 0.1);
        using var ours = new AdamW(options, weights);
        for (var step = 0; step < 5; step++)
        {
            using var quiet = no_grad();
            var gradient = new RandomSource(step, CPU).Normal("gradient", 0, weights.Flat.shape);
            weights.Gradient!.copy_(gradient);
            twin.grad = gradient;
            ours.Step(step, 0.01);
            theirs.step();
        }
        (weights.Flat - twin).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    [Fact]
    public void A_large_network_is_updated_in_pieces_with_the_same_bits()
    {
        var spec = new WeightSpec();
        spec.Parameter("w", [(1 << 24) + 1001], WeightSpec.Initial.Zero);
        var options = new TrainingOptions(1);
        using var weights = Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
        weights.Train();
        using var quiet = no_grad();
        weights.Gradient!.copy_(new RandomSource(1, CPU).Normal("gradient", 0, weights.Flat.shape));
        using var ours = new AdamW(options, weights);
        ours.Step(0, 0.01);

        var (bias1, bias2) = (1 - options.Beta1, 1 - options.Beta2);
        var denominator = ours.Second.sqrt().div_(Math.Sqrt(bias2)).add_(options.Epsilon);
        var whole = zeros_like(weights.Flat).addcdiv_(ours.First, denominator, -0.01 / bias1);
        (weights.Flat == whole).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void The_rate_warms_up_and_falls_to_zero()
    {
        var options = new TrainingOptions(100, LearningRate: 1, WarmupSteps: 10, Schedule: "cosine");
        LearningRate.At(options, 0).Should().Be(0.1);
        LearningRate.At(options, 9).Should().Be(1);
        LearningRate.At(options, 55).Should().BeApproximately(0.5, 1e-9);
        LearningRate.At(options, 99).Should().BeLessThan(0.001);
    }

    // The closed forms of docs/method.md §2 for 100 steps with 20 of warm-up and a rate of 2.
    [Theory]
    [InlineData("constant", null, 99, 2)]
    [InlineData("cosine", null, 60, 1)]
    [InlineData("cosine", 0.1, 60, 1.1)]
    [InlineData("linear", null, 20, 2)]
    [InlineData("linear", null, 40, 1.5)]
    [InlineData("linear", null, 99, 0.025)]
    [InlineData("linear", 0.5, 40, 1.75)]
    [InlineData("wsd", null, 90, 2)]
    [InlineData("wsd", null, 95, 1)]
    [InlineData("wsd", 0.1, 95, 1.1)]
    [InlineData("wsd", null, 99, 0.2)]
    [InlineData("step", null, 49, 2)]
    [InlineData("step", null, 50, 0.2)]
    [InlineData("step", null, 80, 0.02)]
    public void The_rate_follows_its_schedule_after_the_warm_up(string schedule, double? end, int step, double expected)
    {
        var options = new TrainingOptions(100, LearningRate: 2, WarmupSteps: 20, Schedule: schedule, ScheduleEnd: end, DropSteps: [50, 80]);

        LearningRate.At(options, step).Should().BeApproximately(expected, 1e-12);
        LearningRate.At(options, 4).Should().Be(0.5, "a quarter of the warm-up has passed");
    }

    [Fact]
    public void Decay_steps_and_drop_factor_replace_their_defaults()
    {
        LearningRate.At(new TrainingOptions(100, LearningRate: 1, Schedule: "wsd", DecaySteps: 40), 70).Should().BeApproximately(0.75, 1e-12);
        LearningRate.At(new TrainingOptions(100, LearningRate: 1, Schedule: "step", DropSteps: [10, 20], DropFactor: 0.5), 20)
            .Should().BeApproximately(0.25, 1e-12);
    }

    private static IEnumerable<MetricsEvent> Points(TestStage journal) => journal.Events.OfType<MetricsEvent>();

    private static float[] Train(string folder, int steps, out TestStage journal, int stopAfter = int.MaxValue, int logEvery = 1,
        double limit = 0, int patience = 100, int stopAt = int.MaxValue, int dieAt = int.MaxValue, Snapshots? snapshots = null,
        int? checkpointSeconds = null)
    {
        var stage = new TestStage(folder) { StopAfter = stopAfter, LogEvery = logEvery, CheckpointSeconds = checkpointSeconds };
        journal = stage;
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(new TrainingOptions(steps, LearningRate: 0.05, Ema: 0.9, GradientNormLimit: limit, GradientNormSteps: patience), journal.Context())
            .Run(Regression.Spec, weights, new Regression(taken: step =>
            {
                if (step == stopAt)
                    stage.Stop();
                if (step == dieAt)
                    throw new InvalidOperationException("dies in the middle of a step");
            }), snapshots);
        return average.Flat.data<float>().ToArray();
    }

    /// <summary>Learns y = 2 x₀ - x₁ from random points.</summary>
    internal sealed class Regression(long breakAt = -1, Action<long>? taken = null) : IObjective
    {
        public static readonly WeightSpec Spec = Declare();

        public ObjectiveValue Evaluate(Weights weights, long step)
        {
            var x = new RandomSource(0, CPU).Normal("x", step, 32, 2);
            var y = (x.select(1, 0) * 2) - x.select(1, 1);
            taken?.Invoke(step + 1);
            var error = (Layers.Linear(weights, "line", x).squeeze(1) - y).square().mean();
            return new(step == breakAt ? error * double.NaN : error);
        }

        private static WeightSpec Declare()
        {
            var spec = new WeightSpec();
            spec.Linear("line", 2, 1);
            return spec;
        }
    }
}
