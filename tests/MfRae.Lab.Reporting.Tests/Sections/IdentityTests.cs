using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections.Derivatives;
using MfRae.Lab.Reporting.Sections.Oracle;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

/// <summary>Values that differ in device, noise or setting are not averaged, paired or ranked anywhere on a page.</summary>
public sealed class IdentityTests
{
    [Theory]
    [InlineData("device")]
    [InlineData("noise")]
    [InlineData("setting")]
    public void An_arm_with_another_identity_has_no_number_no_verdict_and_no_best_beside_it(string field)
    {
        var record = SampleRecord.Sweep([0, 1], seeds: 2, steps: 4, diverged: false);
        var run = record.Runs[^1];

        var changed = With(record, run.Stages["evaluation"], field);

        var primary = new ReportData(changed).Primary;
        primary.Best.Should().BeNull();
        primary.Comparisons.Should().ContainSingle(comparison => comparison.Verdict == Verdict.NotComparable);
        ReportBuilder.Build(changed).Should().Contain($"not comparable: {field} differs");
        ReportBuilder.Build(record).Should().NotContain("not comparable:");
    }

    [Fact]
    public void The_page_shows_device_noise_and_setting_of_each_metric()
    {
        var record = SampleRecord.Small();
        var known = record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Measurements = [.. stage.Measurements.Select(value => value with { Device = "cpu+cuda", Noise = "fixed:0", Setting = "k=3 <b>" })],
            })],
        };

        ReportBuilder.Build(known).Should().Contain("<td>cpu+cuda</td><td>fixed:0</td><td>k=3 &lt;b&gt;</td>");
    }

    [Theory]
    [InlineData("device")]
    [InlineData("noise")]
    [InlineData("setting")]
    public void Errors_of_derivative_estimates_are_not_averaged_over_such_seeds(string field)
    {
        var record = Twice(DerivativeRecord.Small(), DerivativeErrorNames.Error, out var second);

        DerivativeArm.All(new(record))[0].Mean(DerivativeErrorNames.Error).Should().NotBeNull();
        var arm = DerivativeArm.All(new(With(record, second, field)))[0];
        arm.Mean(DerivativeErrorNames.Error).Should().BeNull();
        arm.Points.Should().OnlyContain(point => point.Measured == null);
    }

    [Theory]
    [InlineData("device")]
    [InlineData("noise")]
    [InlineData("setting")]
    public void Values_against_an_oracle_are_not_averaged_over_such_seeds(string field)
    {
        var record = Twice(OracleRecord.Small(), "evaluation", out var second);

        OracleArm.All(new(record))[0].Mean(OracleMetric.Split).Should().NotBeNull();
        OracleArm.All(new(With(record, second, field)))[0].Mean(OracleMetric.Split).Should().BeNull();
    }

    // The first run again, under another seed.
    private static ExperimentRecord Twice(ExperimentRecord record, string role, out string stage)
    {
        var run = record.Runs[0];
        var key = SampleRecord.Key("second");
        stage = key;
        return record with
        {
            Runs = [.. record.Runs, run with { Id = key, Seed = 1, Stages = new Dictionary<string, string>(run.Stages) { [role] = key } }],
            Stages = [.. record.Stages, record.Stages.Single(one => one.Key == run.Stages[role]) with { Key = key }],
        };
    }

    private static ExperimentRecord With(ExperimentRecord record, string key, string field) => record with
    {
        Stages = [.. record.Stages.Select(stage => stage.Key != key ? stage : stage with
        {
            Measurements = [.. stage.Measurements.Select(value => field switch
            {
                "device" => value with { Device = "cuda" },
                "noise" => value with { Noise = "run" },
                _ => value with { Setting = "another" },
            })],
        })],
    };
}
