using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Tests.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Tests.Training;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Ranks;

/// <summary>
/// Several ranks compute the bits of one process with the same micro-batches: the same operations on the same samples, added in the same order.
/// </summary>
[Scoped]
public sealed class RankTrainingTests : IDisposable
{
    private const int Steps = 10;
    private const int MicroBatch = 3;
    private static readonly TrainingOptions Training = new(Steps, TinyLatents.Batch, LearningRate: 1e-3, Ema: 0.9);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Objectives => [.. MicroBatchTests.Recipes.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_gradient_and_the_values_of_a_step_have_the_bits_of_one_process(string name)
    {
        var one = ThreadRanks.Run(1, ranks => Step(name, ranks, recompute: false))[0];
        foreach (var count in new[] { 2, 3 })
        {
            foreach (var rank in ThreadRanks.Run(count, ranks => Step(name, ranks, recompute: false)))
            {
                Distance(rank.Gradient, one.Gradient).Should().Be(0, "{0} ranks", count);
                rank.Values.Should().Equal(one.Values);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void With_recomputation_they_agree_up_to_rounding(string name)
    {
        // The gradients of the embeddings come from several blocks. One process adds each of them to the sum, a rank first adds them up.
        var one = ThreadRanks.Run(1, ranks => Step(name, ranks, recompute: true))[0];
        foreach (var rank in ThreadRanks.Run(3, ranks => Step(name, ranks, recompute: true)))
            Distance(rank.Gradient, one.Gradient).Should().BeLessThan(1e-6);
    }

    [Fact]
    public void Ten_steps_lead_to_the_same_bits_and_only_rank_0_reports_them()
    {
        var one = Train(1, "one", out var alone)[0];
        var three = Train(3, "three", out var together);

        three.Should().AllSatisfy(weights => weights.Should().Equal(one));
        together[0].Events.OfType<MetricsEvent>().Select(Text).Should().Equal(alone[0].Events.OfType<MetricsEvent>().Select(Text));
        together[0].Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(MicroBatch, false));
    }

    [Fact]
    public void A_training_resumes_with_another_number_of_ranks()
    {
        var whole = Train(1, "whole", out _)[0];

        Train(2, "parts", out var first, stopAfter: 4).Should().AllSatisfy(weights => weights.Should().BeEmpty("all ranks stop after the same step"));
        var resumed = Train(3, "parts", out var second);

        first[0].Events.OfType<CheckpointEvent>().Should().Equal(new CheckpointEvent(4));
        second[0].Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(4));
        resumed.Should().AllSatisfy(weights => weights.Should().Equal(whole));
    }

    [Fact]
    public void Without_micro_batches_each_rank_has_an_equal_share_of_the_batch()
    {
        Train(3, "shares", out var stages, microBatch: 0);

        // 16 samples among three ranks: parts of at most 6.
        stages[0].Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(6, false));
    }

    [Fact]
    public void A_shortage_of_memory_of_one_rank_divides_the_parts_of_all()
    {
        var one = Train(1, "one", out _, microBatch: 2)[0];

        var short3 = Train(2, "short", out var stages, wrap: (objective, rank) => new Short(objective, rank == 1 ? 2 : int.MaxValue));

        short3.Should().AllSatisfy(weights => weights.Should().Equal(one));
        stages[0].Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(3, false), new MicroBatchEvent(2, false));
        stages[0].Events.OfType<NoticeEvent>().Single().Text.Should().Contain("with 3 samples at once");
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(7, 3)]
    [InlineData(4_194_305, 3)]
    public void Sections_of_a_gradient_of_any_length_are_added_in_the_order_of_the_ranks(long length, int count)
    {
        var all = ThreadRanks.Run(count, ranks =>
        {
            using var gradient = zeros(length);
            using var sum = new RankGradient(gradient, ranks);
            for (var round = 0; round < 2; round++)
            {
                // 2^24 + 1 - 2^24 is 1 or 0 in float32, and so depends on the order.
                var value = (round, ranks.Rank) switch { (0, 0) => 16777216f, (0, 1) => 1f, (1, 0) => -16777216f, _ => 0.5f };
                gradient.fill_(value);
                sum.Add(round == 0 ? 2 : 1);
                gradient.sum().item<float>().Should().Be(0);
            }
            sum.Finish();
            return (gradient.min().item<float>(), gradient.max().item<float>());
        });

        all.Should().AllBeEquivalentTo((0f, 0f), "the 1 is lost before the large value is subtracted, and the last rank has no second part");
    }

    [Fact]
    public void Numbers_of_rank_0_reach_all_ranks()
    {
        ThreadRanks.Run(3, ranks => ranks.OfFirst(ranks.Rank + 5)).Should().Equal(5, 5, 5);
        ThreadRanks.Run(3, ranks => ranks.Any(ranks.Rank == 2)).Should().Equal(true, true, true);
        ThreadRanks.Run(3, ranks => ranks.Any(false)).Should().Equal(false, false, false);
    }

    // The norm of the difference, relative to the norm.
    private static double Distance(float[] one, float[] other) => Math.Sqrt(
        one.Zip(other).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)) / other.Sum(value => (double)value * value));

    private static string Text(MetricsEvent metrics) =>
        metrics.Step + ": " + string.Join(", ", metrics.Values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => $"{value.Key} {value.Value:R}"));

    private static (float[] Gradient, List<string> Values) Step(string name, ICollective ranks, bool recompute)
    {
        using var folder = new TemporaryFolder();
        var (spec, objective) = MicroBatchTests.Recipes[name](ScalarType.Float32);
        using var weights = MicroBatchTests.Perturbed(spec, ScalarType.Float32);
        weights.Train();
        var stage = new TestStage(folder.File("step")) { MicroBatch = MicroBatch, Recompute = recompute };
        var value = new StepGradient(objective, weights, stage.Context(), ranks).Compute(3, unweighted: true);
        return (
            weights.Gradient!.data<float>().ToArray(),
            [.. value.Series.Prepend(("loss", value.Loss)).Select(series => $"{series.Item1} {series.Item2.to(float64).item<double>():R} {series.Item2.dtype}")
                .Append($"{value.UnweightedNorm?.to(float64).item<double>():R}")]);
    }

    private float[][] Train(
        int count, string folder, out TestStage[] stages, int microBatch = MicroBatch, int stopAfter = int.MaxValue,
        Func<IObjective, int, IObjective>? wrap = null)
    {
        var all = stages = [.. Enumerable.Range(0, count).Select(rank => new TestStage(_folder.File(folder))
        {
            MicroBatch = microBatch,
            StopAfter = rank == 0 ? stopAfter : int.MaxValue,
        })];
        return ThreadRanks.Run(count, ranks =>
        {
            var (spec, objective) = MicroBatchTests.Recipes["MeanFlow with the plain loss"](ScalarType.Float32);
            using var weights = MicroBatchTests.Perturbed(spec, ScalarType.Float32);
            try
            {
                using var average = new Trainer(Training, all[ranks.Rank].Context(), ranks).Run(
                    spec, weights, wrap?.Invoke(objective, ranks.Rank) ?? objective);
                ranks.Rank.Should().Be(0, "only rank 0 returns");
            }
            catch (RankFinishedException)
            {
                ranks.Rank.Should().BePositive();
            }
            catch (OperationCanceledException)
            {
                return [];
            }
            return weights.Flat.data<float>().ToArray();
        });
    }

    /// <summary>An objective without memory for more than some samples at once.</summary>
    private sealed class Short(IObjective objective, int most) : IObjective
    {
        public ObjectiveValue Evaluate(Weights weights, long step) => objective.Evaluate(weights, step);

        public DividedBatch? Divide(Weights weights, long step, long samples)
        {
            var batch = objective.Divide(weights, step, samples)!;
            return new(batch.Samples, part => part.Samples <= most ? batch.Evaluate(part) : throw new InvalidOperationException("CUDA out of memory"));
        }
    }
}
