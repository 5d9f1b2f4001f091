using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Metrics;

/// <summary>The cost of a training step as a measurement of an arm.</summary>
public sealed class CostMeasurementsTests
{
    private static readonly CostEvent Cost = new(0.125, 180, 1 << 30);

    [Fact]
    public void A_cost_is_two_measurements_whose_identity_has_the_machine()
    {
        var measured = Of(new CmtStage(new NoCmtOptions())).ToList();

        measured.Select(one => (one.Key, one.Value, one.HigherIsBetter, one.Device)).Should().Equal(
            ("stepSeconds", 0.125, false, "cpu"), ("peakMemory", 1 << 30, false, "cpu"));
        measured.Should().OnlyContain(one => one.Setting == "processor=Fast_CPU_×_4 threads=1 jobs=2" && one.Noise == "");
    }

    [Fact]
    public void A_GPU_is_part_of_the_identity() =>
        Of(new MeanFlowStage(new NoMeanFlowOptions()), device: "cuda:1", accelerators: ["NVIDIA H200"]).Should().OnlyContain(one =>
            one.Device == "cuda" && one.Setting == "processor=Fast_CPU_×_4 threads=1 accelerators=NVIDIA_H200 jobs=2");

    [Fact]
    public void Other_stages_that_train_have_no_cost_of_an_arm() =>
        Of(new TeacherStage(new PretrainedTeacherOptions("teacher"))).Should().BeEmpty();

    [Fact]
    public void Costs_of_another_number_of_jobs_are_not_compared()
    {
        var stage = new CmtStage(new NoCmtOptions());

        MeasurementIdentity.Difference([Of(stage).First(), Of(stage, jobs: 1).First()])!.Field.Should().Be("setting");
        MeasurementIdentity.Difference([Of(stage).First(), Of(stage).First() with { Value = 7 }]).Should().BeNull();
    }

    [Fact]
    public void Costs_of_a_step_in_parts_are_not_compared_with_those_of_a_whole_step()
    {
        var stage = new CmtStage(new NoCmtOptions());

        Of(stage, parts: new(16, true)).Should().OnlyContain(one => one.Setting == "processor=Fast_CPU_×_4 threads=1 jobs=2 microBatch=16 recompute");
        Of(stage, parts: new(null, true)).Should().OnlyContain(one => one.Setting!.EndsWith("jobs=2 recompute", StringComparison.Ordinal));
    }

    [Fact]
    public void The_cost_of_a_run_is_that_of_MeanFlow_or_else_of_CMT()
    {
        var record = Record();

        ExperimentComparison.Of(record, "stepSeconds").Arms.Select(arm => arm.Values.Single()).Should().Equal(2, 1);
        RunMeasurement.Keys(record).Should().Equal("stepSeconds");
    }

    private static ExperimentRecord Record()
    {
        StageRecord Stage(string kind, double seconds) => new(
            kind, kind, kind, "completed", null, 0, "{}", new Dictionary<string, string>(), [],
            [Of(new CmtStage(new NoCmtOptions())).First() with { Value = seconds }], [], []);
        RunRecord Run(string arm, params string[] roles) => new(arm, arm, 0, "completed", roles.ToDictionary(role => role));
        ArmRecord Arm(string name, bool baseline) => new(name, baseline, new Dictionary<string, string>(), "{}");
        return new(
            "x", "x.json", "", "", "stepSeconds", "", [], [Arm("both", true), Arm("cmt", false)], [0],
            [Run("both", "teacher", "cmt", "meanflow"), Run("cmt", "teacher", "cmt")],
            [Stage("teacher", 9), Stage("cmt", 1), Stage("meanflow", 2)]);
    }

    private static IEnumerable<Measurement> Of(
        StageDefinition definition, string device = "cpu", int jobs = 2, IReadOnlyList<string>? accelerators = null, MicroBatchEvent? parts = null)
    {
        var node = new StageNode("key", "kind", "label", definition, 0, new Dictionary<string, string>());
        var spec = new StageSpec(node, new Dictionary<string, string>(), "/", 1, new RunSettings(Jobs: jobs));
        var origin = new AttemptOrigin(
            "1", "Linux", ".NET", "", "Fast CPU × 4", accelerators ?? [], new Dictionary<string, string>(), 1, new Dictionary<string, string>());
        return CostMeasurements.Of(Cost, spec, device, 1, origin, parts);
    }
}
