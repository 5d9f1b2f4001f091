using System.Globalization;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Whether what is to be measured can be, in each arm.</summary>
internal sealed class EvaluationRules(Mistakes mistakes, OptionView evaluation)
{
    /// <param name="primary">The primary metric, and where it is written, or would be.</param>
    public void Check(OptionView options, CombinationRules arm, string primary, Location primaryAt)
    {
        if (arm.HasStudy)
        {
            CheckKnown(primary, primaryAt, DerivativeErrorNames.Measurements, "it is no measurement of the study");
            return;
        }

        CheckEndpointError(options, arm);
        CheckClassAccuracy();
        if (!arm.HasGenerator && !arm.HasTeacher)
        {
            // Nothing is sampled: such an experiment makes an encoder or a decoder.
            return;
        }

        var names = MetricNames(arm.HasGenerator);
        var steps = arm.HasGenerator
            ? options.Numbers("sampling.steps") ?? [.. SamplingDefaults.Steps.Select(step => (double)step)]
            : TeacherEvaluations(options);
        if (names is null || !options.Has("sampling.steps"))
        {
            return;
        }

        string[] known =
        [
            .. names.SelectMany(name => steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{name}@{step}"))),
            .. evaluation.Items("metrics").Any(metric => metric.GetText("kind") == "oracle") ? OracleMetric.Unstepped : [],
        ];
        CheckKnown(primary, primaryAt, known, "it is no metric at a number of steps of the arms");
    }

    private void CheckKnown(string primary, Location primaryAt, IReadOnlyCollection<string> known, string reason)
    {
        if (!known.Contains(primary))
        {
            mistakes.Add(primaryAt, $"`{primary}` is not measured: {reason}", Nearest.Suggest(primary, known));
        }
    }

    /// <summary>Measurements are named by evaluations, of which Heun takes two a step.</summary>
    private static List<double> TeacherEvaluations(OptionView options)
    {
        var steps = options.Numbers("sampling.teacherSteps") ?? [.. SamplingDefaults.TeacherSteps.Select(step => (double)step)];
        return [.. steps.Select(step => options.Text("sampling.teacherSolver") == "heun" ? 2 * step : step)];
    }

    private void CheckEndpointError(OptionView options, CombinationRules arm)
    {
        if (Metrics()?.FirstOrDefault(metric => metric.GetText("kind") == "endpointError") is not { } metric || !arm.HasGenerator)
        {
            return;
        }

        if (options.Kind("teacher") == "none")
        {
            mistakes.Add(
                metric.Location,
                "endpointError without a teacher: it compares with the end of the teacher's ODE",
                "remove the metric, or choose a teacher");
        }
        else if (options.Number("sampling.keptLatents") == 0)
        {
            mistakes.Add(
                options.At("sampling.keptLatents"),
                "`keptLatents` 0 leaves endpointError nothing to compare",
                "keep some, e.g. 1000, or remove the metric");
        }
    }

    private void CheckClassAccuracy()
    {
        if (evaluation.Kind("features") == "fidInception"
            && Metrics()?.FirstOrDefault(metric => metric.GetText("kind") == "classAccuracy") is { } metric)
        {
            mistakes.Add(
                metric.Location,
                "classAccuracy with fidInception: that network predicts other classes than the dataset's",
                "remove the metric, or choose features trained on the dataset");
        }
    }

    /// <summary>The names under which metrics are measured, or null where the list has mistakes.</summary>
    private List<string>? MetricNames(bool withTeacher)
    {
        if (Metrics() is not { } metrics)
        {
            return null;
        }

        var references = (evaluation.Find("references").Node as LocatedArray)?.Items.OfType<LocatedScalar>().Select(item => item.Text)
            .ToList() ?? [];
        var names = new List<string>();
        foreach (var metric in metrics)
        {
            switch (metric.GetText("kind"))
            {
                case "fid":
                    names.Add("fid");
                    names.AddRange(references.Skip(1).Select(split => $"fid.{split}"));
                    break;
                case "inceptionScore":
                    names.Add("is");
                    break;
                case "classAccuracy":
                    names.Add("accuracy");
                    break;
                case "endpointError" when withTeacher:
                    names.Add("endpointError");
                    break;
                case "endpointError":
                    break;
                case "oracle":
                    names.AddRange(OracleMetric.Stepped);
                    break;
                default:
                    return null;
            }
        }

        return names;
    }

    private List<LocatedObject>? Metrics() =>
        evaluation.Find("metrics").Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedObject>()] : null;
}
