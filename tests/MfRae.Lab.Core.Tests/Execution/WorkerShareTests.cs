using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Core.Tests.Execution;

public sealed class WorkerShareTests
{
    [Theory]
    [InlineData(2, 1, 2)]
    [InlineData(2, 2, 1)]
    [InlineData(2, 7, 1)]
    [InlineData(16, 3, 5)]
    [InlineData(1, 4, 1)]
    public void Cores_are_shared_among_what_can_run(int cores, int active, int expected) =>
        WorkerShare.Threads(new(Device: "cpu"), cores, active).Should().Be(expected);

    [Fact]
    public void Asked_for_threads_are_given() => WorkerShare.Threads(new(Threads: 3), 16, 1).Should().Be(3);

    [Fact]
    public void A_gpu_takes_one_stage_at_a_time() => WorkerShare.Jobs(new(Device: "cuda:1"), 16).Should().Be(1);

    [Fact]
    public void Few_jobs_leave_each_more_threads() => WorkerShare.Threads(new(Device: "cpu", Jobs: 2), 16, 9).Should().Be(8);
}
