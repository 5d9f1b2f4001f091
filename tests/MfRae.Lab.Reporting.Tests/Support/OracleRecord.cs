using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A hand-made record of networks that are judged by an oracle: two teachers, three arms each, one seed.</summary>
internal static class OracleRecord
{
    private static readonly DateTimeOffset Start = new(2025, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public static ExperimentRecord Small()
    {
        var stages = new List<StageRecord>
        {
            Stage("dataset", [],
            [
                Value(OracleMetric.ClosedVelocity, 3.1e-14), Value(OracleMetric.ClosedCovariance, 8.2e-12),
                Value(OracleMetric.ClosedAverageVelocity, 4.4e-10), Value(OracleMetric.ClosedJacobian, 6.0e-10),
            ]),
        };
        var arms = new List<ArmRecord>();
        var runs = new List<RunRecord>();
        foreach (var bias in new[] { "none", "constant" })
        {
            stages.Add(Stage($"teacher {bias}", ["dataset"], []));
            foreach (var (lambda, tangent) in new[] { (0.0, 0.0), (1.0, 1.0), (0.0, 1.0) })
            {
                var name = FormattableString.Invariant($"{bias}-{lambda}-{tangent}");
                arms.Add(new(
                    name,
                    arms.Count == 0,
                    new Dictionary<string, string> { ["meanflow.lambda"] = $"{lambda}", ["teacher.bias.kind"] = $"\"{bias}\"" },
                    FormattableString.Invariant($$$"""
                        {"teacher":{"kind":"oracle","bias":{"kind":"{{{bias}}}"}},
                         "meanflow":{"kind":"lambda","lambda":{{{lambda}}},"tangentLambda":{{{tangent}}}}}
                        """)));
                stages.Add(Stage($"meanflow {name}", ["dataset", $"teacher {bias}"], []));
                stages.Add(Stage($"evaluation {name}", ["dataset", $"meanflow {name}"], [.. Values(bias == "none" ? 0 : 1, lambda, tangent)],
                    "oracleEvaluation"));
                runs.Add(new(SampleRecord.Key("run " + name), name, 0, "completed", new Dictionary<string, string>
                {
                    ["dataset"] = SampleRecord.Key("dataset"),
                    ["teacher"] = SampleRecord.Key($"teacher {bias}"),
                    ["meanflow"] = SampleRecord.Key($"meanflow {name}"),
                    ["evaluation"] = SampleRecord.Key($"evaluation {name}"),
                }));
            }
        }

        return new(
            "oracle-lambda", "experiments/oracle-lambda.json", "What does the target cost?", "Noise at λ = 0, bias at λ = 1.",
            "deviation@1", SampleRecord.Key("plan"), [], arms, [0], runs, stages);
    }

    private static IEnumerable<Measurement> Values(double size, double lambda, double tangent)
    {
        var (bias, noise) = (0.02 + (0.5 * size * lambda * lambda), 12.5 * (1 - lambda) * (1 - (0.8 * tangent)));
        var floor = size * Math.Max(lambda, 0.7 * tangent);
        (string Name, double Value, int Steps)[] values =
        [
            (OracleMetric.Deviation, 0.1 + floor, 1), (OracleMetric.Deviation + OracleMetric.Median, 0.06 + floor, 1),
            (OracleMetric.FixedPoint, 0.1, 1), (OracleMetric.FixedPoint + OracleMetric.Median, 0.06, 1),
            (OracleMetric.Floor, floor, 1), (OracleMetric.Floor + OracleMetric.Median, 0.9 * floor, 1),
            (OracleMetric.Deviation + OracleMetric.Interval, 0.2 + floor, 0), (OracleMetric.FixedPoint + OracleMetric.Interval, 0.2, 0),
            (OracleMetric.Floor + OracleMetric.Interval, floor, 0),
            (OracleMetric.Split, (bias + noise) * 1.0002, 0), (OracleMetric.Split + OracleMetric.Predicted, bias + noise, 0),
            (OracleMetric.SplitBias, bias, 0), (OracleMetric.SplitNoise, noise, 0), (OracleMetric.SplitDiscrepancy, 0.0002, 0),
            (OracleMetric.SplitSampled, 1.03 * (bias + noise), 0),
            (OracleMetric.GradientVariance, 1.1 * (bias + (9 * noise)), 0),
            (OracleMetric.GradientVariance + OracleMetric.Predicted, bias + (9 * noise), 0),
            (OracleMetric.GradientNoise, 9.6 * noise, 0), (OracleMetric.GradientNoise + OracleMetric.Predicted, 9 * noise, 0),
            (OracleMetric.GradientBias, size * lambda, 0), (OracleMetric.GradientBias + OracleMetric.Predicted, size * lambda, 0),
            (OracleMetric.GradientOracle, 0.3, 0), (OracleMetric.GradientLambda, 1 / (1 + size), 0),
        ];
        var tails = OracleMetric.Quantiles.SelectMany((percent, i) => new[]
        {
            (OracleMetric.Quantile(OracleMetric.Noise, percent), 4 * Math.Pow(6, i), 0),
            (OracleMetric.Quantile(OracleMetric.FlowNoise, percent), 5 * Math.Pow(20, i), 0),
        });
        return values.Concat(tails).Select(value => Value(value.Item1, value.Item2, value.Item3));
    }

    private static Measurement Value(string name, double value, int steps = 0)
    {
        bool? direction = OracleMetric.Stepped.Concat(OracleMetric.Unstepped).Contains(name) ? false : null;
        return new(name, value, null, null, 2_048, steps, 1, "oracle", "", "float64", SampleRecord.Reference, direction);
    }

    private static StageRecord Stage(string label, string[] inputs, IReadOnlyList<Measurement> measurements, string? kind = null) => new(
        SampleRecord.Key(label),
        kind ?? label.Split(' ')[0],
        label,
        "completed",
        null,
        null,
        $$"""{"stage":"{{kind ?? label.Split(' ')[0]}}"}""",
        inputs.ToDictionary(input => input.Split(' ')[0], SampleRecord.Key),
        [new(1, "completed", "node-1", "cpu", 1, Start, null, 20, 20, 300_000_000, null)],
        measurements,
        [],
        []);
}
