using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Whether what is to be measured can be, in each arm.</summary>
internal sealed class EvaluationRules(Diagnostics mistakes, OptionView evaluation)
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
        CheckFeatures();
        CheckReferences();
        if (!arm.HasGenerator && !arm.HasTeacher)
        {
            // Nothing is sampled: such an experiment makes an encoder or a decoder.
            return;
        }

        var names = Names(options, arm.HasGenerator);
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

    private void CheckFeatures()
    {
        string? kind = evaluation.Kind("features");
        string? foreign = kind switch
        {
            "fidInception" or "torchScript" => "that network predicts other classes than the dataset's",
            "dinov2" => "that network predicts no classes",
            _ => null,
        };
        if (foreign is not null)
        {
            Refuse("classAccuracy", kind!, foreign);
        }

        if (kind == "dinov2")
        {
            Refuse("inceptionScore", kind, foreign!);
        }

        if (kind is not (null or "fidInception"))
        {
            Refuse("sfid", kind, "only FID's Inception network has features of places");
        }

        foreach (string option in (string[])["features.mean", "features.deviation"])
        {
            if (evaluation.Numbers(option) is { Count: not 3 } values)
            {
                mistakes.Add(
                    evaluation.At(option),
                    FormattableString.Invariant($"`{option[9..]}` has {values.Count} values where images have 3 colours"),
                    "write one for each of red, green and blue");
            }
        }
    }

    private void Refuse(string metricKind, string features, string reason)
    {
        if (Metrics()?.FirstOrDefault(metric => metric.GetText("kind") == metricKind) is { } metric)
        {
            mistakes.Add(
                metric.Location,
                $"{metricKind} with {features}: {reason}",
                "remove the metric, or choose features that serve it");
        }
    }

    /// <summary>Whether there are training images and others, where samples are compared with both.</summary>
    private void CheckReferences()
    {
        var references = References();
        foreach (var metric in Metrics()?.Where(metric => metric.GetText("kind") is "memorisation" or "fidFloor") ?? [])
        {
            if (!references.Contains("train"))
            {
                mistakes.Add(
                    metric.Location, $"{metric.GetText("kind")} needs features of the training images", "add \"train\" to `references`");
            }
            else if (references.TrueForAll(split => split == "train"))
            {
                mistakes.Add(
                    metric.Location,
                    $"{metric.GetText("kind")} compares training images with unseen images, and there are none",
                    "add \"test\" to `references`");
            }
        }
    }

    private List<string> References() =>
        (evaluation.Find("references").Node as LocatedArray)?.Items.OfType<LocatedScalar>().Select(item => item.Text).OfType<string>()
            .ToList() ?? [];

    /// <summary>The names under which metrics are measured, or null where the list has mistakes.</summary>
    private List<string>? Names(OptionView options, bool withTeacher)
    {
        if (Metrics() is not { } metrics)
        {
            return null;
        }

        var references = References();
        var names = new List<string>();
        foreach (var metric in metrics)
        {
            if (metric.GetText("kind") is not { } kind || MetricNames.Of(kind, references) is not { } found)
            {
                return null;
            }

            names.AddRange(kind switch
            {
                "endpointError" when !withTeacher => [],
                "inceptionScore" => [InceptionScoreOptions.NameOf(metric.GetText("form"))],
                "kid" => [MetricNames.Kid(KernelSubset(options, metric, references))],
                _ => found,
            });
        }

        if (evaluation.Kind("secondFeatures") is not (null or "none"))
        {
            names.Add(MetricNames.SecondFrechet);
        }

        return names;
    }

    /// <summary>The images of a subset of KID: no more than there are samples or reference images.</summary>
    private static double KernelSubset(OptionView options, LocatedObject metric, List<string> references)
    {
        var view = new OptionView(metric, OptionTypes.Of(typeof(KidOptions)));
        double? limit = references.Count > 0 ? options.Number($"dataset.{references[0]}Limit") : null;
        double?[] most = [view.Number("subsetSize"), options.Number("sampling.samples"), limit > 0 ? limit : null];
        return most.Min() ?? MetricNames.PublishedKernelSubset;
    }

    private List<LocatedObject>? Metrics() =>
        evaluation.Find("metrics").Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedObject>()] : null;
}
