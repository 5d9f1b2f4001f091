using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Profiling;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>The memory of one sample, from which micro-batches are chosen.</summary>
[Scoped]
public sealed class StageMemoryTests
{
    [Fact]
    public void The_samples_of_a_training_need_what_the_profile_says_of_its_step()
    {
        var read = ExperimentReader.Read("experiments/smoke.json", [], Repository.Root);
        var plan = Planner.Build(read.Experiment!, FileHash.In(Repository.Root));
        var memory = StageMemory.Of(plan, Repository.Root);
        foreach (var run in plan.Runs)
        {
            foreach (var training in Profiler.Profile(plan.Experiment, Repository.Root).Single(profile => profile.Arm == run.Arm).Training)
            {
                var needs = memory[run.Stages[training.Stage]];
                (needs.Batch * needs.SampleBytes).Should().BeApproximately(training.ActivationBytes, 1);
                needs.RecomputedSampleBytes.Should().BePositive().And.BeLessThanOrEqualTo(needs.SampleBytes);
            }
        }
    }

    [Fact]
    public void With_recomputation_one_block_and_the_inputs_of_all_blocks_are_kept()
    {
        static double Kept(int depth) => NetworkCost.KeptWithRecomputation(
            new DitNetwork(new DitOptions(96, depth, 4, 96, 1, 4), new LatentShape(16, 4, 4), 10, interval: true).Declare());

        // Another block of the trunk adds its output: 16 tokens of width 96.
        (Kept(9) - Kept(8)).Should().Be(16 * 96);
        var released = new DitNetwork(new DitOptions(1152, 28, 16, 2048, 2, 16), new LatentShape(768, 16, 16), 1000, interval: true).Declare();
        (NetworkCost.KeptWithRecomputation(released) / NetworkCost.Of(released).Kept).Should().BeLessThan(0.15);
    }

    [Fact]
    public void The_free_memory_of_this_machine_is_known() => DeviceMemory.Free(CPU).Should().BePositive();
}
