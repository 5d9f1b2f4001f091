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
                needs.Batch.Should().Be(training.Batch);
                needs.SampleBytes.Should().BePositive().And.Be(training.Memory.Sample);
                needs.RecomputedSampleBytes.Should().BePositive().And.Be(training.Memory.RecomputedSample ?? training.Memory.Sample);
            }
        }
    }

    [Fact]
    public void With_recomputation_one_block_and_the_inputs_of_all_blocks_are_kept()
    {
        static ActivationMemory Memory(int depth) => ActivationMemory.Of(
            new DitNetwork(new DitOptions(96, depth, 4, 96, 1, 4), new LatentShape(16, 4, 4), 10, interval: true), narrow: false, fuses: true);

        // Another block of the trunk adds its input: 16 tokens of width 96, in float32.
        (Memory(9).RecomputedSample - Memory(8).RecomputedSample).Should().Be(4 * 16 * 96);
        var released = ActivationMemory.Of(
            new DitNetwork(new DitOptions(1152, 28, 16, 2048, 2, 16), new LatentShape(768, 16, 16), 1000, interval: true), narrow: false, fuses: true);
        (released.RecomputedSample / released.Sample).Should().BeInRange(0.1, 0.4);
    }

    [Fact]
    public void The_free_memory_of_this_machine_is_known() => DeviceMemory.Free(CPU).Should().BePositive();
}
