using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>How the processes of a stage with several ranks start and end.</summary>
public sealed class RankTests : IDisposable
{
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void One_process_is_started_without_another_command() =>
        RankCommand.Of(new(), ["lab", "worker", "folder"]).Should().Equal("lab", "worker", "folder");

    [Fact]
    public void Mpirun_starts_the_worker_outside_of_the_terminals_session()
    {
        Requires.Mpi();

        var command = RankCommand.Of(new(Ranks: 3), ["lab", "worker", "folder"]);

        command.Take(5).Should().Equal("setsid", "--wait", "mpirun", "-n", "3");
        command.TakeLast(3).Should().Equal("lab", "worker", "folder");
    }

    [Fact]
    public void Srun_starts_the_worker_with_the_threads_of_a_rank() =>
        RankCommand.Of(new(Threads: 8, Ranks: 4, RankLauncher: RunSettings.Srun), ["lab", "worker", "folder"]).Should().Equal(
            "srun", "--mpi=pmix", "--ntasks=4", "--cpus-per-task=8", "--input=0", "--kill-on-bad-exit=1", "lab", "worker", "folder");

    [Fact]
    public void A_training_whose_loss_is_a_mean_over_samples_takes_ranks()
    {
        TrainingOptions training = new(1, 1);
        new DecoderStage(new RaeDecoderOptions(new(), training)).TakesRanks().Should().BeTrue();
        new TeacherStage(new OracleTeacherOptions(new NoBiasOptions())).TakesRanks().Should().BeFalse();
        new EncoderStage(new SelfSupervisedEncoderOptions(new(24, 1, 2), new(), training)).TakesRanks().Should().BeFalse();
        new ProbeStage().TakesRanks().Should().BeFalse();
    }

    [Fact]
    public void Stages_that_compute_samples_or_features_batch_by_batch_take_ranks()
    {
        new SamplingStage(100, [1], 0, 50, 0).TakesRanks().Should().BeTrue();
        new EvaluationStage([], ["test"], 0).TakesRanks().Should().BeTrue();
        new ReferenceStage("test").TakesRanks().Should().BeTrue();
        new LadderStage("test").TakesRanks().Should().BeFalse();
    }

    [Theory]
    [InlineData(137, "one of the 2 ranks of the stage was killed (signal 9)")]
    [InlineData(1, "one of the 2 ranks of the stage exited with code 1; the end of their output follows")]
    public void The_end_of_a_rank_is_reported_as_such(int code, string message) => WorkerExit.Describe(code, ranks: 2).Should().StartWith(message);

    [Fact]
    public void A_stage_that_is_computed_by_one_process_is_started_without_ranks()
    {
        var plan = TestPlan.Of(TestPlan.Stage("ladder", "") with { Definition = new LadderStage("test") });
        new Coordinator(_lab.Store, new MemoryRunLog(), new ThreadLauncher(_ => new Ranked(_ => { })), new(Device: "cpu", Ranks: 2), new(), _lab.Store.Root, TimeProvider.System)
            .Run(plan, default).Succeeded.Should().BeTrue();

        StageSpecFile.Read(_lab.Store.CompleteFolder(plan.Stages[0].Key)).Settings.Ranks.Should().Be(1);
    }

    [Fact]
    public void Another_rank_computes_on_its_own_device_and_writes_nothing()
    {
        var folder = _lab.Prepare(TestPlan.Stage("stage", "steps=4"));
        var before = Directory.GetFiles(folder);
        var device = "";

        RankWorker.Run(folder, _ => new Ranked(End), 1, "cuda:1", TextWriter.Null, TimeProvider.System).Should().Be(WorkerExit.Completed);

        void End(StageContext context)
        {
            device = context.Spec.Settings.Device;
            throw new RankFinishedException();
        }

        device.Should().Be("cuda:1", "the specification has the device of rank 0");
        Directory.GetFiles(folder).Should().Equal(before);
    }

    private sealed class Ranked(Action<StageContext> run) : IStage
    {
        public void Run(StageContext context) => run(context);
    }
}
