using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Metrics;

/// <summary>
/// The part of a value's identity beyond metric, samples, network and reference: the options of the metric, and other stages that it
/// compares with. It is derived from definitions, so it is the same for a new measurement and for a record from before the field existed.
/// </summary>
public static class MeasurementSetting
{
    /// <summary>Neighbours that vote in the k-NN probe.</summary>
    public const int ProbeNeighbours = 20;

    /// <summary>Steps of the linear probe.</summary>
    public const int ProbeSteps = 300;

    /// <summary>Seed of the noise that a ladder stage adds to images.</summary>
    public const int LadderSeed = 0;

    // Settings of values of earlier revisions were recorded without the revision.
    private const int FirstRecordedRevision = 3;

    // The input from which evaluations of revision 2 took the ends of the teacher's ODE.
    private const string TeacherSamples = "teacherSamples";

    // Enough to distinguish stages, and short enough to read.
    private const int KeyDigits = 16;

    private const string Evaluation = "evaluation";
    private const string Reconstruction = "reconstruction";
    private const string SetsEntry = "noiseSets";
    private const string GridEntry = "grid";
    private const string NoiseFile = "noiseFile";

    /// <summary>The rule by which the noise behind a value is chosen, see <see cref="Measurement.Noise"/>.</summary>
    public static string NoiseOf(Measurement measurement, StageFacts stage, Lineage lineage) => stage.Kind switch
    {
        // The floor is measured on training images.
        Evaluation => measurement.Metric == MetricNames.Floor ? "" : Rule(lineage.Input(stage, StageInput.Samples)),
        "oracleEvaluation" => Rule(stage),
        // Points, times and noise are drawn with the seed of the stage, which is that of the run.
        "derivativeError" => "run",
        _ => "",
    };

    /// <summary>The setting of a value that is the mean over several sets of samples.</summary>
    /// <param name="setting">The setting of the value of each set.</param>
    /// <param name="sets">The number of sets.</param>
    public static string OverNoiseSets(string? setting, int sets) => $"{setting} {Entry(SetsEntry, sets)}".TrimStart();

    /// <summary>
    /// The measurement without the rule and the number of sets of its noise, and without the times between its steps: for comparisons that do
    /// not pair samples, such as with the teacher, whose samples start from noise that all runs share and take other steps.
    /// </summary>
    public static Measurement WithoutNoise(Measurement measurement) => measurement with
    {
        Noise = null,
        Setting = measurement.Setting is { } setting
            ? string.Join(' ', setting.Split(' ').Where(
                entry => !entry.StartsWith(SetsEntry + "=", StringComparison.Ordinal) && !entry.StartsWith(GridEntry + "=", StringComparison.Ordinal)))
            : null,
    };

    /// <summary>See <see cref="Measurement.Setting"/>.</summary>
    public static string Of(Measurement measurement, StageFacts stage, Lineage lineage) => string.Join(' ', (stage.Kind switch
    {
        Evaluation =>
        [
            .. OfMetric(measurement.Metric, measurement, stage, lineage), .. Drawing(measurement, lineage.Input(stage, StageInput.Samples)),
            Revision(stage, lineage),
        ],
        Reconstruction => [.. OfMetric(Original(measurement.Metric), measurement, stage, lineage), .. Data(stage), Revision(stage, lineage)],
        "probe" => [.. OfProbe(measurement.Metric, stage), .. Data(stage)],
        "features" => Data(stage),
        "ladder" => [Entry("seed", LadderSeed)],
        "oracleEvaluation" => [.. OfOracle(measurement.Metric, stage), Revision(stage, lineage)],
        "derivativeError" => OfStudy(measurement.Metric, stage),
        _ => (IEnumerable<string>)[],
    }).Where(entry => entry.Length > 0));

    /// <summary>The settings of a metric that follow from its options, for images of any origin.</summary>
    /// <param name="metric">The metric's name, such as `is` or `precision`.</param>
    /// <param name="samples">The number of images measured.</param>
    public static string OfOptions(string metric, long samples, MetricOptions options) => string.Join(
        ' ', OfOptions(metric, samples, JsonSerializer.SerializeToElement(options, LabJson.Default.MetricOptions)));

    private static IEnumerable<string> OfMetric(string metric, Measurement measurement, StageFacts stage, Lineage lineage) => metric switch
    {
        MetricNames.Floor => [Key("train", stage, StageInput.Reference("train"))],
        MetricNames.MemorisedShare or MetricNames.MemorisationRatio => [Unseen(stage)],
        "endpointError" => Teacher(stage, lineage),
        _ => OfOptions(metric, measurement.Samples, stage.Option("metrics") is { ValueKind: JsonValueKind.Array } metrics
            ? metrics.EnumerateArray().FirstOrDefault(options => StageFacts.Text(options, "kind") == MetricCatalogue.KindOf(metric)?.Kind) : default),
    };

    // Metrics of reconstructions have the prefix r.
    private static string Original(string metric) => metric.StartsWith('r') ? metric[1..] : metric;

    /// <summary>
    /// All options of a metric, except for metrics with a form of their own. If a definition is from before an option existed, the behaviour
    /// of that time is the default.
    /// </summary>
    private static string[] OfOptions(string metric, long samples, JsonElement options) => MetricCatalogue.KindOf(metric)?.Kind switch
    {
        "inceptionScore" => [.. InceptionScore(metric, samples, options)],
        "precisionRecall" => [metric is "precision" or "recall"
            ? $"k={Raw(options, "neighbours", "3")}"
            : $"k={Raw(options, "densityNeighbours", "5")}"],
        // With few images, subsets are smaller, and the name contains their size.
        "kid" => [$"subsets={Raw(options, "subsets", "100")}", $"size={(metric.Contains('.') ? metric[(metric.IndexOf('.') + 1)..] : "1000")}"],
        "fidInfinity" => [$"sizes={Raw(options, "sizes", "15")}"],
        _ when options.ValueKind == JsonValueKind.Object =>
            [.. options.EnumerateObject().Where(option => option.Name != "kind").Select(option => Option(options, option.Name))],
        _ => [],
    };

    /// <summary>With one part, neither the order of the samples nor the form matters.</summary>
    private static IEnumerable<string> InceptionScore(string metric, long samples, JsonElement options)
    {
        var form = StageFacts.Text(options, "form") ?? InceptionScoreOptions.Consecutive;
        var parts = metric == "is.adm"
            ? Math.Max(1, (samples + InceptionScoreOptions.AdmPart - 1) / InceptionScoreOptions.AdmPart).ToString(CultureInfo.InvariantCulture)
            : Raw(options, "splits", "1");
        yield return $"splits={parts}";
        if (parts != "1")
        {
            yield return $"form={form}";
        }
    }

    private static string[] OfProbe(string metric, StageFacts stage) =>
    [
        metric.StartsWith("knn.", StringComparison.Ordinal) ? Entry("k", ProbeNeighbours) : Entry("steps", ProbeSteps),
        // The untrained encoder is initialised from the seed.
        metric.EndsWith(".untrained", StringComparison.Ordinal) && stage.Seed is { } seed ? Entry("seed", seed) : "",
    ];

    private static IEnumerable<string> OfOracle(string metric, StageFacts stage)
    {
        var options = stage.Option("metric");
        return metric.Split('.')[0] switch
        {
            "gradient" => [Option(options, "draws")],
            OracleMetric.Noise => [Option(options, "draws"), Option(options, "tolerance"), Option(stage.Definition, "batchSize", "batch")],
            OracleMetric.Split => [Option(stage.Definition, "batchSize", "batch")],
            _ => [Option(options, "tolerance"), Option(stage.Definition, "batchSize", "batch")],
        };
    }

    /// <summary>The points at which derivatives are compared, without the estimator and its precision, which a study compares.</summary>
    private static IEnumerable<string> OfStudy(string metric, StageFacts stage)
    {
        var study = stage.Option("study");
        return
        [
            Option(study, "time"), Option(study, "lambda"), Option(study, "labelDropout"),
            metric is DerivativeErrorNames.LowestRatio or DerivativeErrorNames.HighestRatio ? Option(study, "deltas") : "",
        ];
    }

    /// <summary>The end of the teacher's ODE and the latent space of the distances, from which the time shift follows.</summary>
    private static IEnumerable<string> Teacher(StageFacts stage, Lineage lineage)
    {
        if ((lineage.Input(stage, StageInput.EndPoints) ?? lineage.Input(stage, TeacherSamples)) is not { } ends)
        {
            return [];
        }

        // Samples of the teacher have a list of numbers of steps; the largest is the end of the ODE.
        var steps = ends.Option("steps") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
            ? $"steps={list[list.GetArrayLength() - 1].GetRawText()}"
            : Option(ends.Definition, "steps");
        var samples = lineage.Input(stage, StageInput.Samples) ?? ends;
        return
        [
            Recipe("teacher", ends, StageInput.Generator, lineage),
            $"solver={StageFacts.Text(ends.Definition, "solver") ?? "euler"}",
            steps,
            $"end={Raw(ends.Definition, "gridEnd", "0")}",
            Option(ends.Definition, "guidance"),
            Recipe("latents", samples, StageInput.Latents, lineage),
        ];
    }

    private static string Unseen(StageFacts stage)
    {
        // Reconstructions are those of the test set.
        var splits = stage.Option("references") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(split => split.ToString())
            : ["test"];
        return splits.FirstOrDefault(split => split is not ("train" or ReferenceStatisticsOptions.Reference)) is { } unseen ? Key("unseen", stage, StageInput.Reference(unseen)) : "";
    }

    /// <summary>The dataset, for values without a reference whose hash identifies it.</summary>
    private static IEnumerable<string> Data(StageFacts stage) => [Key("data", stage, StageInput.Dataset)];

    /// <summary>
    /// How samples were drawn and written. Drawn noise is a function of the seed and of the batch size in which it is drawn. Options with their
    /// defaults are left out, as in records from before they existed.
    /// </summary>
    private static IEnumerable<string> Drawing(Measurement measurement, StageFacts? samples) =>
        measurement.Metric == MetricNames.Floor || samples is null ? [] :
        [
            samples.Option(NoiseFile) is null ? Option(samples.Definition, "batchSize", "batch") : "",
            Grid(measurement.Steps, samples.Option(GridEntry)),
            // The endpoint error compares latents.
            measurement.Metric == "endpointError" ? "" : Option(samples.Definition, "bytes"),
        ];

    /// <summary>The times between several steps; a single step has none.</summary>
    private static string Grid(int steps, JsonElement? grid) => grid is null || steps < 2 ? ""
        : StageFacts.Property(grid, "times") is { ValueKind: JsonValueKind.Array } lists
            ? lists.EnumerateArray().Where(times => times.ValueKind == JsonValueKind.Array && times.GetArrayLength() == steps + 1)
                .Select(times => $"{GridEntry}={Compact(times)}").FirstOrDefault("")
        : $"{GridEntry}={StageFacts.Text(grid, "kind")}";

    /// <summary>
    /// Noise from a file is identified by the hash of the file. A definition with a seed has fixed noise; otherwise the seed of the stage, which
    /// is that of the run, determines the noise.
    /// </summary>
    private static string Rule(StageFacts? drawing) => StageFacts.Text(drawing?.Definition, NoiseFile) is { } file
        ? $"file:{Short(drawing!.Files.GetValueOrDefault(file) ?? file)}"
        : drawing?.Option("seed") is null && drawing?.Seed is not null
        ? "run"
        : $"fixed:{Raw(drawing?.Definition, "seed", "0")}";

    /// <summary>The revisions of the code that measured and that drew the samples: values of different revisions are not comparable.</summary>
    private static string Revision(StageFacts stage, Lineage lineage)
    {
        if (lineage.Revision(stage) is not (>= FirstRecordedRevision and var revision))
        {
            return "";
        }

        return lineage.Input(stage, StageInput.Samples) is { } samples
            ? string.Create(CultureInfo.InvariantCulture, $"revision={revision}.{lineage.Revision(samples)}")
            : Entry("revision", revision);
    }

    private static string Key(string name, StageFacts stage, string input) =>
        stage.Inputs.TryGetValue(input, out var key) ? $"{name}={Short(key)}" : "";

    private static string Recipe(string name, StageFacts stage, string input, Lineage lineage) =>
        stage.Inputs.TryGetValue(input, out var key) ? $"{name}={Short(lineage.Recipe(key))}" : "";

    private static string Short(string key) => key.Length > KeyDigits ? key[..KeyDigits] : key;

    private static string Entry(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    private static string Option(JsonElement? owner, string option, string? name = null) =>
        StageFacts.Property(owner, option) is { } value ? $"{name ?? option}={Compact(value)}" : "";

    private static string Raw(JsonElement? owner, string option, string otherwise) =>
        StageFacts.Property(owner, option) is { } value ? Compact(value) : otherwise;

    // Values that say what definitions from before the option mean. Reweighting is one: it changes losses only, and no value is a loss.
    private static bool IsOfEarlierVersions(JsonProperty property) => property.Value.ValueKind == JsonValueKind.Null
        || property.Name == "reweight" || (property.Name == "shift" && property.Value.ValueKind == JsonValueKind.String);

    /// <summary>JSON without quotation marks and white space: `uniform(high:1)`, `[1,2]`.</summary>
    private static string Compact(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{StageFacts.Text(value, "kind")}({string.Join(',', value.EnumerateObject()
            .Where(property => property.Name != "kind" && !IsOfEarlierVersions(property))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}:{Compact(property.Value)}"))})",
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Compact))}]",
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
