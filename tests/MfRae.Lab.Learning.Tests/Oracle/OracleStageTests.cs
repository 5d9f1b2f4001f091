using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Stages;
using MfRae.Lab.Learning.Tests.Objectives;
using MfRae.Lab.Learning.Tests.Stages;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>The stages of an oracle in order, at minimal size.</summary>
[Scoped]
public sealed class OracleStageTests : IDisposable
{
    private static readonly TrainingOptions Training = new(Steps: 2, BatchSize: 8, LearningRate: 1e-3, Ema: 0);
    private static readonly OracleMetricOptions Metric = new(GradientPoints: 2, Draws: 3, Tolerance: 1e-6);

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, TestStage> _stages = [];

    public OracleStageTests()
    {
        WorkerNumerics.Prepare("cpu", threads: 1);
        Run("dataset", new DatasetStage(new OracleDatasetOptions(Mixtures.Line)));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_dataset_of_an_oracle_is_its_options_and_a_check_of_its_closed_forms()
    {
        Directory.EnumerateFiles(_folder.File("dataset")).Select(Path.GetFileName).Should().Equal("distribution.json");
        var measured = _stages["dataset"].Measurements.ToList();
        measured.Select(value => value.Key).Should().Equal(
            "closedForm.velocity", "closedForm.covariance", "closedForm.averageVelocity", "closedForm.flowJacobian");
        measured.Should().OnlyContain(value => value.Value > 0 && value.Value < 1e-8);
    }

    [Fact]
    public void A_network_trained_towards_an_exact_teacher_is_measured()
    {
        Run("teacher", new TeacherStage(new OracleTeacherOptions(TinyTrainedMeanFlow.Bias)), "dataset");
        Train("meanflow", new(0.5, TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training,
            Initialisation: "random", LabelDropout: 0), "dataset", "teacher");

        var measured = _stages["evaluation"].Measurements.ToList();
        string[] stepped = [.. OracleMetric.Stepped, OracleMetric.Floor, OracleMetric.Floor + OracleMetric.Median];
        measured.Select(value => value.Metric).Should().Contain(stepped).And.Contain(OracleMetric.Unstepped)
            .And.Contain(["split", "split.predicted", "gradient.lambda", "noise.99.9", "noise.flow.50"]);
        measured.Select(value => value.Key).Should().OnlyHaveUniqueItems();
        measured.Should().OnlyContain(value => value.Value != null && double.IsFinite(value.Value.Value));
        measured.Should().OnlyContain(value => value.Reference == _stages["dataset"].Measurements.First().Reference);
        measured.Single(value => value.Key == "split.discrepancy").Value.Should().BeLessThan(1e-9);
        measured.Single(value => value.Key == "deviation@1").Should().Match<Measurement>(value =>
            value.Samples == 10 && value.Labels == "oracle" && value.HigherIsBetter == false);
        measured.Single(value => value.Key == "floor@1").HigherIsBetter.Should().BeNull("an arm does not choose its floor");
    }

    [Fact]
    public void A_trained_teacher_and_mid_training_take_the_same_samples()
    {
        Run("teacher", new TeacherStage(new FlowMatchingOptions(TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(), Training)), "dataset");
        Run("cmt", new CmtStage(new TrajectoryCmtOptions(Training, TrajectoryPoints: 4, PairsPerTrajectory: 2)), "dataset", "teacher");
        Train("meanflow", new(1, TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training),
            "dataset", "teacher", "cmt");

        var measured = _stages["evaluation"].Measurements.ToDictionary(value => value.Key, value => value.Value!.Value);
        measured["split.discrepancy"].Should().BeLessThan(1e-9);
        measured["floor@1"].Should().BeGreaterThan(0.01, "a teacher of two steps is biased");
    }

    [Fact]
    public void Without_a_teacher_there_is_neither_bias_nor_floor()
    {
        Train("meanflow", new(0, TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training,
            Initialisation: "random"), "dataset");

        var measured = _stages["evaluation"].Measurements.ToDictionary(value => value.Key, value => value.Value!.Value);
        measured["gradient.bias.predicted"].Should().Be(0);
        measured["floor@1"].Should().BeLessThan(1e-5);
    }

    [Fact]
    public void In_many_dimensions_a_network_is_measured_without_matrices()
    {
        Run("many", new DatasetStage(new OracleDatasetOptions(new DiagonalDistributionOptions(5000))));
        Run("exact", new TeacherStage(new OracleTeacherOptions(new NoBiasOptions())), [("dataset", "many")]);
        var options = new LambdaMeanFlowOptions(
            0.5, TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(Shift: 4, Reweight: UniformTimeOptions.ToUniform), new JvpOptions(),
            new AdaptiveLossWeightOptions(), Training, Initialisation: "random", LabelDropout: 0);
        Run("meanflow", new MeanFlowStage(options), [("dataset", "many"), ("teacher", "exact")]);
        Run("evaluation", new OracleEvaluationStage(Metric, options, Samples: 10, Steps: [1, 2], Seed: 0, BatchSize: 5),
            [("dataset", "many"), ("teacher", "exact"), ("generator", "meanflow")]);

        _stages["many"].Measurements.Should().HaveCount(4).And.OnlyContain(value => value.Value >= 0 && value.Value < 1e-4);
        var measured = _stages["evaluation"].Measurements.ToList();
        measured.Select(value => value.Key).Should().Contain(["deviation@1", "deviation@2", "deviation.interval", "noise.50", "noise.flow.99.9"])
            .And.NotContain(key => key.StartsWith("split", StringComparison.Ordinal) || key.StartsWith("gradient", StringComparison.Ordinal));
        measured.Should().OnlyContain(value => value.Value != null && double.IsFinite(value.Value.Value));
    }

    public static TheoryData<string> Targets => [.. Family.All(TinyTrainedMeanFlow.Sizes, Training).Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_target_of_the_family_is_trained_and_measured(string name)
    {
        Run("teacher", new TeacherStage(new FlowMatchingOptions(TinyTrainedMeanFlow.Sizes, new UniformTimeOptions(), Training)), "dataset");
        var options = Family.All(TinyTrainedMeanFlow.Sizes, Training)[name];
        Run("cmt", new CmtStage(new TrajectoryCmtOptions(Training, TrajectoryPoints: 4, PairsPerTrajectory: 2)), "dataset", "teacher");
        Train("meanflow", (MeanFlowOptions)options, "dataset", "teacher", "cmt");

        var measured = _stages["evaluation"].Measurements.ToList();
        measured.Should().OnlyContain(value => value.Value != null && double.IsFinite(value.Value.Value));
        var keys = measured.Select(value => value.Key).ToList();
        keys.Should().Contain(["deviation@1", "floor@1", "noise.50"]);
        keys.Contains("split.predicted").Should().Be(options is LambdaMeanFlowOptions);
    }

    private void Train(string name, LambdaMeanFlowOptions options, params string[] inputs) => Train(name, (MeanFlowOptions)options, inputs);

    private void Train(string name, MeanFlowOptions options, params string[] inputs)
    {
        Run(name, new MeanFlowStage(options), inputs);
        var judges = inputs.Where(input => input != "cmt").Select(input => (input, input)).Append(("generator", name));
        Run("evaluation", new OracleEvaluationStage(Metric, options, Samples: 10, Steps: [1, 2], Seed: 0, BatchSize: 5), [.. judges]);
    }

    private void Run(string name, StageDefinition definition, params string[] inputs) =>
        Run(name, definition, inputs.Select(input => (input, input)).ToArray());

    private void Run(string name, StageDefinition definition, (string Name, string Stage)[] inputs)
    {
        var stage = new TestStage(_folder.File(name), seed: 3, [.. inputs.Select(input => (input.Name, _folder.File(input.Stage)))]);
        _stages[name] = stage;
        StageFactory.Create(definition).Run(stage.Context(definition));
    }
}
