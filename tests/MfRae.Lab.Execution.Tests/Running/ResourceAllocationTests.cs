using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class ResourceAllocationTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(4, 1, 4)]
    [InlineData(8, 2, 4)]
    [InlineData(24, 4, 6)]
    [InlineData(64, 16, 4)]
    public void Threads_and_jobs_follow_from_the_machine(int cores, int threads, int jobs)
    {
        ResourceAllocation.Threads(new(Device: "cpu"), cores).Should().Be(threads);
        ResourceAllocation.Jobs(new(Device: "cpu"), cores).Should().Be(jobs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void The_number_of_threads_does_not_depend_on_the_number_of_jobs(int jobs)
    {
        ResourceAllocation.Jobs(new(Device: "cpu", Jobs: jobs), 16).Should().Be(jobs);
        ResourceAllocation.Threads(new(Device: "cpu", Jobs: jobs), 16).Should().Be(4);
    }

    [Theory]
    [InlineData("cuda", 2, "cuda:1")]
    [InlineData("cuda", 0, "cuda")]
    [InlineData("cuda:3", 2, "cuda:3")]
    [InlineData("cpu", 2, "cpu")]
    public void Each_job_has_a_separate_GPU(string device, int jobs, string expected) =>
        (ResourceAllocation.Of(new(Device: device, Jobs: jobs), 16, place: 1) with { DecodeThreads = 0 })
            .Should().Be(new RunSettings(Device: expected, Jobs: Math.Max(1, jobs), Threads: 4));

    [Theory]
    [InlineData("cpu", 0, 0, 4)] // Four jobs of four threads leave no core: images are decoded at the same time nevertheless.
    [InlineData("cpu", 1, 0, 12)]
    [InlineData("cuda", 0, 0, 15)]
    [InlineData("cuda", 4, 0, 3)]
    [InlineData("cuda", 16, 0, 1)]
    [InlineData("cpu", 0, 9, 9)]
    public void Images_are_decoded_on_the_cores_that_no_computation_needs(string device, int jobs, int requested, int expected) =>
        ResourceAllocation.Of(new(Device: device, Jobs: jobs, DecodeThreads: requested), 16, place: 0).DecodeThreads.Should().Be(expected);

    [Fact]
    public void A_requested_number_of_threads_is_used() => ResourceAllocation.Threads(new(Threads: 3), 16).Should().Be(3);

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(9, 1)]
    public void Ranks_share_the_cores_of_the_machine(int ranks, int jobs)
    {
        ResourceAllocation.Jobs(new(Device: "cpu", Ranks: ranks), 16).Should().Be(jobs);
        ResourceAllocation.Of(new(Device: "cuda", Jobs: 2, Ranks: ranks), 16, place: 1).Device.Should().Be($"cuda:{ranks}", "the first job has the GPUs before");
    }

    [Fact]
    public void A_GPU_runs_one_stage_at_a_time() => ResourceAllocation.Jobs(new(Device: "cuda:1"), 16).Should().Be(1);
}
