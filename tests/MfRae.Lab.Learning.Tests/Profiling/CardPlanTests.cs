using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>Memory by micro-batch, recomputation and precision, and plans for one card, at the paper's size.</summary>
public sealed class CardPlanTests
{
    private const double Card = 80e9;

    private static readonly DitOptions Sizes = new(1152, 28, 16, 2048, 2, 16);

    [Fact]
    public void Memory_is_affine_in_the_micro_batch_and_a_fraction_of_it_with_recomputation()
    {
        var step = Profile().Single(training => training.Stage == "meanflow");
        double Activations(int samples, bool recompute = false) => step.ActivationBytes(samples, recompute);

        Activations(0).Should().Be(Activations(256));
        (Activations(3) - Activations(2)).Should().BeApproximately(Activations(2) - Activations(1), 1);
        (Activations(64, recompute: true) / Activations(64)).Should().BeInRange(0.1, 0.4);
    }

    [Fact]
    public void A_block_keeps_what_its_operations_read_in_the_backward_pass()
    {
        // One trunk block of width d over T tokens, by hand: 6 d of the residual path and its norms, 4 d of inputs and gated outputs, 6 d of
        // fused attention, 4 times the hidden width, and 9 d for its condition.
        double Kept(int depth) => ActivationMemory.Of(new DitNetwork(Sizes with { TrunkDepth = depth }, new(768, 16, 16), 1000, true), false, true).Sample;

        const double d = 1152, hidden = 3072, tokens = 256;
        (Kept(3) - Kept(2)).Should().BeApproximately(4 * ((tokens * ((16 * d) + (4 * hidden))) + (9 * d)), 1);
    }

    [Fact]
    public void A_block_of_a_plain_DiT_has_no_rotated_queries_and_one_condition()
    {
        double Kept(int depth) => ActivationMemory.Of(new PlainDit(new(2, 1152, depth, 16), new(4, 32, 32), 1000, true), false, true).Sample;

        // 4 d of the residual path and its norms, 4 d of inputs and gated outputs, 4 d of fused attention, the hidden width before and after
        // GELU, and 9 d for the condition of the sample.
        const double d = 1152, hidden = 4 * d, tokens = 256;
        (Kept(3) - Kept(2)).Should().BeApproximately(4 * ((tokens * ((12 * d) + (2 * hidden))) + (9 * d)), 1);
    }

    [Fact]
    public void Separate_attention_keeps_a_map_of_all_pairs_of_tokens()
    {
        double Kept(long side, bool fuses) => ActivationMemory.Of(new DitNetwork(Sizes, new(768, side, side), 1000, true), false, fuses).Sample;

        // 16 heads in 30 blocks, and once more for the gradients of the largest. The fused kernel keeps two more values a channel: the layer's
        // output, where separate products keep a third of that output.
        const double pairs = 16.0 * 1024 * 1024, channels = 1024.0 * ((28 * 1152) + (3 * 2048));
        (Kept(32, fuses: false) - Kept(32, fuses: true)).Should().BeApproximately(4 * ((31 * pairs) - (2 * channels)), 1);
        Kept(8, fuses: true).Should().Be(Kept(8, fuses: false), "short sequences are not fused on every device");
    }

    [Fact]
    public void Narrow_products_halve_what_products_keep_and_add_narrow_weights()
    {
        var network = new DitNetwork(Sizes, new(768, 16, 16), 1000, true);
        var (wide, narrow) = (ActivationMemory.Of(network, false, true), ActivationMemory.Of(network, true, true));

        (narrow.Sample / wide.Sample).Should().BeInRange(0.5, 0.75);
        narrow.Casts.Should().Be(2.0 * NetworkCost.Of(network.Declare()).Parameters);
        narrow.RecomputedCasts.Should().BeLessThan(0.1 * narrow.Casts);
    }

    [Fact]
    public void A_plan_uses_the_largest_even_micro_batch_that_fits()
    {
        foreach (var plan in Plan(Card))
        {
            var step = Profile().Single(training => training.Stage == plan.Stage);
            plan.Choices.Select(choice => choice.Recompute).Should().Equal(false, true);
            foreach (var choice in plan.Choices)
            {
                var samples = choice.MicroBatch!.Value;
                choice.Bytes.Should().Be(step.TotalBytes(samples, choice.Recompute)).And.BeLessThanOrEqualTo(CardPlan.UsableShare * Card);
                // Fewer parts do not fit.
                var parts = Math.Ceiling((double)step.Batch / samples);
                var larger = (int)Math.Ceiling(step.Batch / (parts - 1));
                step.TotalBytes(larger, choice.Recompute).Should().BeGreaterThan(CardPlan.UsableShare * Card);
            }

            plan.Choices[1].Days.Should().BeGreaterThan(plan.Choices[0].Days, "a forward pass is repeated");
        }
    }

    [Fact]
    public void A_card_that_is_too_small_fits_no_sample()
    {
        var choice = Plan(20e9).Single(plan => plan.Stage == "meanflow").Choices[0];

        choice.MicroBatch.Should().BeNull();
        choice.Bytes.Should().BeGreaterThan(20e9);
    }

    [Fact]
    public void Days_follow_from_the_operations_of_each_precision()
    {
        var plan = Plan(Card).Single(plan => plan.Stage == "meanflow");
        var (step, days) = (Profile().Single(training => training.Stage == "meanflow"), plan.Days.ToDictionary(day => day.Precision, day => day.Days));

        days["float32"].Should().BeApproximately(step.Steps * 2 * step.Step.Total / (0.4 * 67e12) / 86_400, 1e-9);
        days["tf32"].Should().BeApproximately(days["float32"] * 67 / 495, 1e-9);
        // Encoder and probes stay in float32.
        var full = step.Work.Where(work => work.What.StartsWith("encoder") || work.What.StartsWith("central")).Sum(work => work.Step.Total);
        days["bf16"].Should().BeApproximately(days["float32"] * ((full / step.Step.Total) + ((1 - (full / step.Step.Total)) * 67 / 989)), 1e-9);
    }

    private static IReadOnlyList<TrainingProfile> Profile() => Profiler.Profile(Read(), AppContext.BaseDirectory).Single().Training;

    private static IReadOnlyList<CardPlan> Plan(double memory) => Profiler.Plan(Read(), AppContext.BaseDirectory, memory).Single().Stages;

    private static Experiment Read() =>
        ExperimentReader.Read("Experiments/paper/imagenet256.json", [], AppContext.BaseDirectory, needFiles: false).Experiment!;
}
