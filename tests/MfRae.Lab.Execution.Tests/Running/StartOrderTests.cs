using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>A failure in the evaluation is found before any training.</summary>
public sealed class StartOrderTests : IDisposable
{
    private const string Evaluation = """ "evaluation": { "ladder": true, "reconstruction": true } """;
    private const string Trained = """
        "base": {
          "encoder": { "kind": "selfSupervised", "network": {}, "augmentation": {}, "training": { "steps": 1 } },
          "decoder": { "kind": "rae", "network": {}, "training": { "steps": 1 } },
          "latents": { "kind": "perElement" },
          "teacher": { "kind": "flowMatching", "network": {}, "time": { "kind": "uniform" }, "training": { "steps": 100000 } }
        },
        """;

    private readonly TestLab _lab = new();
    private readonly Workspace _work = new();

    public void Dispose()
    {
        _lab.Dispose();
        _work.Dispose();
    }

    [Theory]
    [InlineData("features", 1)]
    [InlineData("reference", 1)]
    [InlineData("reference", 2)]
    [InlineData("reference", 8)]
    [InlineData("ladder", 2)]
    [InlineData("reconstruction", 1)]
    [InlineData("reconstruction", 2)]
    [InlineData("reconstruction", 8)]
    public void A_failed_evaluation_stops_the_run_before_training(string broken, int jobs)
    {
        var launcher = new ThreadLauncher(definition => new Stub(definition, broken));

        var outcome = _lab.Run(_work.Plan(Evaluation), new(FailFast: true), launcher, jobs: jobs);

        outcome.AnyFailed.Should().BeTrue();
        Kinds(launcher).Should().Contain(broken).And.NotContain(["cmt", "meanflow"]);
    }

    [Fact]
    public void Without_fail_fast_the_failure_is_reported_before_training_starts()
    {
        _lab.Run(_work.Plan(Evaluation), launcher: new ThreadLauncher(definition => new Stub(definition, "ladder")), jobs: 2);

        var told = _lab.Log.Statuses.Select(status => status.Status).ToList();
        told.IndexOf(StageStatus.Failed).Should().BePositive();
        var training = _work.Plan(Evaluation).Stages.Where(stage => stage.Definition.Trains()).Select(stage => stage.Key);
        _lab.Log.Statuses.FindIndex(status => training.Contains(status.Key) && status.Status == StageStatus.Running)
            .Should().BeGreaterThan(told.IndexOf(StageStatus.Failed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void References_and_ladder_come_before_every_training_of_another_network(int jobs)
    {
        var launcher = new ThreadLauncher(definition => new Stub(definition, ""));

        _lab.Run(_work.Plan(Trained + Evaluation), launcher: launcher, jobs: jobs).Succeeded.Should().BeTrue();

        var kinds = Kinds(launcher);
        kinds.Take(kinds.IndexOf("encoder")).Should().Contain(["features", "reference", "ladder"]);
    }

    [Fact]
    public void A_trained_decoder_is_trained_and_measured_before_the_teacher()
    {
        var launcher = new ThreadLauncher(definition => new Stub(definition, ""));

        _lab.Run(_work.Plan(Trained + Evaluation), launcher: launcher, jobs: 1);

        Kinds(launcher).Where(kind => kind is "encoder" or "decoder" or "reconstruction" or "teacher" or "cmt" or "meanflow")
            .Should().Equal("encoder", "decoder", "reconstruction", "teacher", "cmt", "meanflow");
    }

    [Fact]
    public void Training_does_not_wait_for_an_evaluation_that_needs_another_training()
    {
        var plan = _work.Plan(Trained + Evaluation);
        var runs = plan.Stages.Select(stage => new StageRun(stage)).ToDictionary(run => run.Key);
        foreach (var run in runs.Values.Where(run => run.Node.Kind is "dataset" or "features" or "reference" or "ladder" or "encoder" or "latents"))
        {
            run.Status = StageStatus.Completed;
        }

        runs.Values.Single(run => run.Node.Kind == "decoder").Status = StageStatus.Running;

        new StartOrder(new RunGraph(plan.Stages), plan.Runs, jobs: 1).Ready(runs).Select(run => run.Node.Kind).Should().Equal("teacher");
    }

    private static List<string> Kinds(ThreadLauncher launcher) => [.. launcher.Started.Select(spec => spec.Node.Kind)];

    /// <summary>Writes a file or fails.</summary>
    private sealed class Stub(StageDefinition definition, string broken) : IStage
    {
        public void Run(StageContext context)
        {
            if (definition.GetType().Name.StartsWith(broken, StringComparison.OrdinalIgnoreCase) && broken.Length > 0
                || (broken == "features" && definition is FeatureStage))
            {
                throw new LabException("the evaluation is broken");
            }

            File.WriteAllText(context.File("done"), "");
        }
    }
}
