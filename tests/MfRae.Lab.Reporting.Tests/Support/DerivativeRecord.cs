using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A hand-made record of estimates of du/dt: a difference in two precisions and two exact estimators, one seed.</summary>
internal static class DerivativeRecord
{
    private static readonly DateTimeOffset Start = new(2025, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public static ExperimentRecord Small()
    {
        (string Name, string Kind, string Precision, double Eta)[] arms =
        [
            ("central-float32", "centralDifference", "float32", 1e-6),
            ("central-tf32", "centralDifference", "tf32", 1e-3),
            ("jvp-float32", "jvp", "float32", 2e-6),
            ("double-float32", "jvpDoubleBackward", "float32", 1.9e-6),
        ];
        var stages = arms.Select(arm => new StageRecord(
            SampleRecord.Key(arm.Name),
            DerivativeErrorNames.Error,
            $"derivative error {arm.Name}",
            "completed",
            null,
            0,
            $$$"""{"stage":"derivativeError","study":{"kind":"derivativeError","derivative":{"kind":"{{{arm.Kind}}}"},"precision":"{{{arm.Precision}}}"}}""",
            new Dictionary<string, string>(),
            [new(1, "completed", "node-1", "cpu", 1, Start, null, 20, 20, 300_000_000, null)],
            [.. Measured(arm.Kind, arm.Eta)],
            arm.Kind.StartsWith("jvp") ? [] : [.. Curves(arm.Eta)],
            []));
        return new(
            "oracle-derivative",
            "experiments/oracle-derivative.json",
            "How far is each estimate from the derivative?",
            "As far as rounding and truncation predict.",
            DerivativeErrorNames.Error,
            SampleRecord.Key("plan"),
            [],
            [.. arms.Select((arm, at) => new ArmRecord(
                arm.Name, at == 0, new Dictionary<string, string> { ["study.precision"] = $"\"{arm.Precision}\"" },
                $$$"""{"study":{"precision":"{{{arm.Precision}}}"}}"""))],
            [0],
            [.. arms.Select(arm => new RunRecord(
                SampleRecord.Key("run " + arm.Name), arm.Name, 0, "completed",
                new Dictionary<string, string> { [DerivativeErrorNames.Error] = SampleRecord.Key(arm.Name) }))],
            [.. stages]);
    }

    private static IEnumerable<Measurement> Measured(string kind, double eta)
    {
        Measurement Value(string name, double value, bool? higherIsBetter = false) =>
            new(name, value, null, null, 256, 0, 1, "dataset", "", "", "", higherIsBetter);

        if (kind.StartsWith("jvp"))
        {
            return
            [
                Value(DerivativeErrorNames.Error, eta), Value(DerivativeErrorNames.Median, 0.9 * eta),
                Value(DerivativeErrorNames.Tail, 2 * eta), Value(DerivativeErrorNames.Early, 3 * eta),
            ];
        }

        var error = double.Hypot(eta / 1e-2, 2e-2);
        return
        [
            Value(DerivativeErrorNames.Error, error), Value(DerivativeErrorNames.Median, 0.5 * error),
            Value(DerivativeErrorNames.Tail, 6 * error), Value(DerivativeErrorNames.Early, 3 * error),
            Value(DerivativeErrorNames.Predicted, 1.1 * error, null), Value(DerivativeErrorNames.LowestRatio, 0.9, null),
            Value(DerivativeErrorNames.HighestRatio, 1.2, null), Value(DerivativeErrorNames.Eta, eta, null),
        ];
    }

    private static IEnumerable<SeriesRecord> Curves(double eta)
    {
        double[] deltas = [1e-5, 1e-3, 5e-3, 1e-1];
        SeriesRecord Series(string name, Func<double, double> value) =>
            new(name, [.. deltas.Select(DerivativeErrorNames.Step)], [.. deltas.Select(delta => (double?)value(delta))]);

        double Rounding(double delta) => eta / (2 * delta);
        double Truncation(double delta) => 50 * delta * delta;
        double Predicted(double delta) => double.Hypot(Rounding(delta), Truncation(delta));
        return
        [
            Series(DerivativeErrorNames.Error, delta => Predicted(delta) * (0.9 + (3 * delta))),
            Series(DerivativeErrorNames.Predicted, Predicted),
            Series(DerivativeErrorNames.Rounding, Rounding),
            Series(DerivativeErrorNames.Truncation, Truncation),
            Series(DerivativeErrorNames.Early, delta => 4 * Predicted(delta)),
        ];
    }
}
