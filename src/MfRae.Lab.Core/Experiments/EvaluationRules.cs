using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that the metrics can be measured in each arm.</summary>
/// <param name="headers">Reads the file of reference statistics.</param>
internal sealed class EvaluationRules(Diagnostics mistakes, OptionView evaluation, InputHeaders headers)
{
    /// <param name="wanted">The primary metric and the metrics of contrasts, with the location where each is or would be written.</param>
    public void Check(OptionView options, CombinationRules arm, IReadOnlyList<(string Metric, Location At)> wanted)
    {
        if (arm.HasStudy)
        {
            CheckKnown(wanted, DerivativeErrorNames.Measurements, "it is not a measurement of the study");
            return;
        }

        CheckEndpointError(options, arm);
        CheckFeatures();
        CheckReferences();
        CheckStatistics();
        if (!arm.HasGenerator && !arm.HasTeacher && !arm.IsExternal)
        {
            // Nothing is sampled: the experiment trains an encoder or a decoder.
            return;
        }

        var names = Names(options, arm.HasGenerator);
        var steps = arm.HasGenerator || arm.IsExternal
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
            .. arm.HasGenerator ? (string[])[MetricNames.StepSeconds, MetricNames.PeakMemory] : [],
        ];
        CheckKnown(wanted, known, "no metric and number of steps of the arms give this name");
    }

    private void CheckKnown(IReadOnlyList<(string Metric, Location At)> wanted, IReadOnlyCollection<string> known, string reason)
    {
        foreach (var (metric, at) in wanted.Where(one => !known.Contains(one.Metric)))
        {
            mistakes.Add(at, $"`{metric}` is not measured: {reason}", Nearest.Suggest(metric, known));
        }
    }

    /// <summary>Network evaluations of the teacher, which measurements are named by; Heun takes two per step.</summary>
    private static List<double> TeacherEvaluations(OptionView options)
    {
        var steps = options.Numbers("sampling.teacherSteps") ?? [.. SamplingDefaults.TeacherSteps.Select(step => (double)step)];
        return [.. steps.Select(step => options.Text("sampling.teacherSolver") == "heun" ? 2 * step : step)];
    }

    private void CheckEndpointError(OptionView options, CombinationRules arm)
    {
        if (Needing(MetricNeeds.EndPoints).FirstOrDefault() is not { Node: { } metric, Kind: { } kind } || !arm.HasGenerator)
        {
            return;
        }

        if (options.Kind("teacher") == "none")
        {
            mistakes.Add(
                metric.Location,
                $"{kind} without a teacher: it compares samples with the end of the teacher's ODE",
                "remove the metric, or choose a teacher");
        }
        else if (options.Number("sampling.keptLatents") == 0)
        {
            mistakes.Add(
                options.At("sampling.keptLatents"),
                $"`keptLatents` is 0, so {kind} has no latents to compare",
                "set `keptLatents` to e.g. 1000, or remove the metric");
        }
    }

    private void CheckFeatures()
    {
        string? kind = evaluation.Kind("features");
        string? foreign = kind switch
        {
            "fidInception" or "torchScript" => "that network predicts other classes than the dataset's",
            "dinov2" or "randomConvolution" => "that network does not predict classes",
            _ => null,
        };
        if (foreign is not null)
        {
            Refuse(MetricNeeds.DatasetClasses, kind!, foreign);
        }

        if (kind is "dinov2" or "randomConvolution")
        {
            Refuse(MetricNeeds.ClassScores, kind, foreign!);
        }

        if (kind is not (null or "fidInception"))
        {
            Refuse(MetricNeeds.SpatialFeatures, kind, "only FID's Inception network (`fidInception`) has spatial features");
        }

        foreach (string option in (string[])["features.mean", "features.deviation"])
        {
            if (evaluation.Numbers(option) is { Count: not 3 } values)
            {
                mistakes.Add(
                    evaluation.At(option),
                    FormattableString.Invariant($"`{option[9..]}` has {values.Count} values, but images have 3 colours"),
                    "give one value each for red, green and blue");
            }
        }
    }

    private void Refuse(MetricNeeds needs, string features, string reason)
    {
        foreach (var (metric, kind) in Needing(needs))
        {
            mistakes.Add(
                metric.Location,
                $"{kind} with {features}: {reason}",
                "remove the metric, or choose a feature network that supports it");
        }
    }

    /// <summary>The metrics that need something, with their kinds.</summary>
    private IEnumerable<(LocatedObject Node, string Kind)> Needing(MetricNeeds needs) =>
        from metric in Metrics() ?? []
        let known = MetricCatalogue.Kind(metric.GetText("kind"))
        where known is not null && known.Requires(needs)
        select (metric, known.Kind);

    /// <summary>Checks that metrics which compare with training images have them and other images as references.</summary>
    private void CheckReferences()
    {
        var references = References();
        foreach (var (metric, kind) in Needing(MetricNeeds.TrainingReference))
        {
            if (!references.Contains("train"))
            {
                mistakes.Add(metric.Location, $"{kind} needs features of the training images", "add \"train\" to `references`");
            }
            else if (references.TrueForAll(split => split is "train" or ReferenceStatisticsOptions.Reference))
            {
                mistakes.Add(
                    metric.Location,
                    $"{kind} compares training images with unseen images, but `references` has only training images"
                        + (references.Count > 1 ? " and statistics, which may be those of training images" : ""),
                    "add \"test\" to `references`");
            }
        }
    }

    /// <summary>Checks that published statistics are named if they are a reference, and that they suffice for the metrics.</summary>
    private void CheckStatistics()
    {
        const string name = ReferenceStatisticsOptions.Reference;
        var references = References();
        bool written = evaluation.IsWritten(name);
        if (written != references.Contains(name))
        {
            mistakes.Add(
                written ? evaluation.At(name) : evaluation.At("references"),
                written ? "`statistics` is written, but `references` does not contain it" : "`references` has statistics, but `statistics` does not name a file",
                written ? "add \"statistics\" to `references`, or remove `statistics`" : "write \"statistics\": { \"path\": \"FILE.npz\" }");
            return;
        }

        if (!written)
        {
            return;
        }

        if (evaluation.Kind("features") == "inception")
        {
            mistakes.Add(
                evaluation.At(name), "`statistics` with features of kind `inception`: that network is trained here, so no file has statistics of it",
                "choose the feature network behind the statistics, such as fidInception");
        }

        if (references[0] != name)
        {
            return;
        }

        foreach (string option in (string[])["ladder", "secondFeatures"])
        {
            if (evaluation.Flag(option) == true || evaluation.Kind(option) is not (null or "none"))
            {
                mistakes.Add(
                    evaluation.At(option), $"`{option}` needs images of the first reference, which is statistics",
                    $"put \"test\" or \"train\" first in `references`, or remove `{option}`");
            }
        }

        if (headers.Statistics(evaluation.Text($"{name}.path")) is not { } file)
        {
            return;
        }

        foreach (var (needs, has, what) in ((MetricNeeds, bool, string)[])
            [(MetricNeeds.ReferenceFeatures, file.Images, "images"), (MetricNeeds.Labels, file.Labels, "labels of images")])
        {
            foreach (var (metric, kind) in has ? [] : Needing(needs))
            {
                mistakes.Add(
                    metric.Location,
                    $"{kind} needs {what} of the first reference, but {evaluation.Text($"{name}.path")} has statistics only",
                    "remove the metric, or put \"test\" or \"train\" first in `references`");
            }
        }
    }

    private List<string> References() => [.. evaluation.Scalars("references").Select(item => item.Text).OfType<string>()];

    /// <summary>The names of the values that are measured, or null if the list of metrics has mistakes.</summary>
    private List<string>? Names(OptionView options, bool withGenerator)
    {
        if (Metrics() is not { } metrics)
        {
            return null;
        }

        var references = References();
        var names = new List<string>();
        foreach (var metric in metrics)
        {
            if (MetricCatalogue.Kind(metric.GetText("kind")) is not { } found)
            {
                return null;
            }

            names.AddRange(found.Default switch
            {
                EndpointErrorOptions when !withGenerator => [],
                InceptionScoreOptions => [InceptionScoreOptions.NameOf(metric.GetText("form"))],
                KidOptions => [MetricNames.Kid(KernelSubset(options, metric, references))],
                _ => found.Names(references),
            });
        }

        if (evaluation.Kind("secondFeatures") is not (null or "none"))
        {
            names.Add(MetricNames.SecondFrechet);
        }

        return names;
    }

    /// <summary>The size of KID's subsets: at most the number of samples or of reference images.</summary>
    private static double KernelSubset(OptionView options, LocatedObject metric, List<string> references)
    {
        var view = new OptionView(metric, OptionTypes.Of(typeof(KidOptions)));
        double? limit = references.Count > 0 && references[0] != ReferenceStatisticsOptions.Reference ? options.Number($"dataset.{references[0]}Limit") : null;
        double?[] most = [view.Number("subsetSize"), options.Number("sampling.samples"), limit > 0 ? limit : null];
        return most.Min() ?? MetricNames.PublishedKernelSubset;
    }

    private List<LocatedObject>? Metrics() =>
        evaluation.Find("metrics").Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedObject>()] : null;
}
