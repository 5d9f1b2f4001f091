using System.Text.Json.Nodes;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>The training costs of runs, without stages that all arms share.</summary>
internal sealed class TrainingCosts
{
    private static readonly string[] Trained = ["encoder", "decoder", "teacher", "cmt", "meanflow"];

    private const string TeachersSteps = "training steps with the teacher’s";

    private readonly ReportData _data;

    public TrainingCosts(ReportData data)
    {
        this._data = data;
        // Mid-training and MeanFlow always count, the preceding stages only if they differ between arms.
        Roles = [.. Trained.Where(role => data.Role(role).Count > (role is "cmt" or "meanflow" ? 0 : 1))];
        var steps = new CostAxis("training steps", Steps, value => Numbers.Count((long)Math.Round(value)), Timing: false);
        var unit = FlopUnit.For(data.Record.Runs.Select(Flops).OfType<double>());
        var flops = new CostAxis(
            $"training {unit.Name}", run => Flops(run) / unit.Size, value => Numbers.Significant(value, 3), Timing: false);
        var (unitOfTime, seconds) = data.Record.Runs.SelectMany(Stages).Seconds();
        var time = new CostAxis($"training {unitOfTime}", run => Sum(run, seconds), Numbers.Seconds, Timing: true);
        var step = new CostAxis("seconds a training step", run => Measured(run, MetricNames.StepSeconds), value => Numbers.Significant(value, 3), Timing: true);
        Charted = [.. new[] { steps, flops, time, step }.Where(Known)];
        var wall = new CostAxis("training wall seconds", run => Sum(run, attempt => attempt.WallSeconds), Numbers.Seconds, Timing: true);
        var sampling = new CostAxis("sampling CPU seconds", Sampling, Numbers.Seconds, Timing: true);
        var memory = new CostAxis("peak memory in MB", run => Measured(run, MetricNames.PeakMemory), value => Numbers.Megabytes((long)value), Timing: true);
        Listed = [.. Charted, .. WithTeacher(), .. new[] { wall, memory, sampling }.Where(Known)];
    }

    /// <summary>
    /// The training steps and the processor time together with those of a teacher that is not in <see cref="Roles"/>, because the arms share it or
    /// because it was imported.
    /// </summary>
    private IEnumerable<CostAxis> WithTeacher()
    {
        if (Roles.Contains("teacher") || !_data.Record.Runs.Any(run => TeacherSteps(run) is > 0))
        {
            return [];
        }

        CostAxis[] axes =
        [
            new(TeachersSteps, run => Steps(run) + TeacherSteps(run), value => Numbers.Count((long)value), Timing: false),
            new("training CPU seconds with the teacher’s",
                run => Sum(run, attempt => attempt.CpuSeconds) + TeacherSeconds(run), Numbers.Seconds, Timing: true),
        ];
        return axes.Where(Known);
    }

    /// <summary>A sentence about a teacher whose processor time is unknown; empty if it is known.</summary>
    public string TeacherNote => Listed.Any(axis => axis.Name == TeachersSteps) && _data.Record.Runs.Any(run => TeacherSeconds(run) is null)
        ? "The processor time of the imported teacher’s training is unknown."
        : "";

    /// <summary>0 without a teacher; null if the card of an imported teacher does not know it.</summary>
    private double? TeacherSteps(RunRecord run) => _data.Stage(run, "teacher") is not { } teacher ? 0
        : StepsOf(teacher) ?? Value(teacher, MetricNames.PretrainingSteps);

    private double? TeacherSeconds(RunRecord run) => _data.Stage(run, "teacher") is not { } teacher ? 0
        : StepsOf(teacher) is not null ? Sum([teacher], attempt => attempt.CpuSeconds)
        : Value(teacher, MetricNames.PretrainingCpuSeconds);

    private static double? Value(StageRecord stage, string metric) => stage.Measurements.LastOrDefault(one => one.Metric == metric)?.Value;

    /// <summary>Roles of the stages whose cost is included.</summary>
    public IReadOnlyList<string> Roles { get; }

    public bool CountsAll => Roles.Count == Trained.Length;

    public IReadOnlyList<CostAxis> Charted { get; }

    /// <summary>The charted costs, and further costs for the table.</summary>
    public IReadOnlyList<CostAxis> Listed { get; }

    /// <summary>The training steps of an arm's first run: `cmt 600 + meanflow 200`; empty for a single stage.</summary>
    public string Parts(ArmView arm)
    {
        var parts = arm.Runs.Take(1).SelectMany(run => Roles.Select(role => (Role: role, Steps: StepsOf(_data.Stage(run, role)))))
            .Where(part => part.Steps is not null).ToArray();
        return parts.Length < 2 ? "" : string.Join(" + ", parts.Select(part => $"{part.Role} {Numbers.Count((long)part.Steps!.Value)}"));
    }

    /// <summary>A measured cost of the run's training; null if it is unknown, or if the runs are not comparable.</summary>
    private double? Measured(RunRecord run, string metric) => _data.Compare(metric) is { Conflict: null } comparison
        ? comparison.Arms.First(arm => arm.Arm == run.Arm).Finite.FirstOrDefault(seed => seed.Seed == run.Seed)?.Measurement.Value
        : null;

    private bool Known(CostAxis axis) => _data.Record.Runs.Any(run => axis.Of(run) is not null);

    private StageRecord[] Stages(RunRecord run) =>
        [.. Roles.Select(role => _data.Stage(run, role)).OfType<StageRecord>().DistinctBy(stage => stage.Key)];

    private double? Steps(RunRecord run) => Stages(run).Select(StepsOf).OfType<double>().ToArray() is { Length: > 0 } known
        ? known.Sum()
        : null;

    /// <summary>The operations of all trained stages; null if one has no estimate, because a partial sum would be misleading.</summary>
    private double? Flops(RunRecord run)
    {
        var trained = Stages(run).Where(stage => StepsOf(stage) is not null).Select(stage => stage.Flops()).ToArray();
        return trained.Length == 0 || trained.Any(flops => flops is null) ? null : trained.Sum();
    }

    /// <summary>The time of all stages; null if a stage never started.</summary>
    private double? Sum(RunRecord run, Func<AttemptRecord, double> seconds) => Sum(Stages(run), seconds);

    private double? Sampling(RunRecord run) =>
        _data.Stage(run, "sampling") is { } stage ? Sum([stage], attempt => attempt.CpuSeconds) : null;

    private static double? Sum(StageRecord[] stages, Func<AttemptRecord, double> seconds) =>
        stages.Length == 0 || stages.Any(stage => stage.Attempts.Count == 0)
            ? null
            : stages.SelectMany(stage => stage.Attempts).Sum(seconds);

    /// <summary>The training steps in a stage's definition; null for stages without training.</summary>
    private static double? StepsOf(StageRecord? stage) => StoredJson.Parse(stage?.DefinitionJson ?? "") is not JsonObject definition
        ? null
        : definition.Select(entry => StoredJson.Number(StoredJson.Find(entry.Value, "training", "steps")))
            .FirstOrDefault(steps => steps is not null);
}

/// <summary>The cost of one image, in 10⁹ multiply-adds: the evaluations of the network, and the decoder.</summary>
internal sealed record ImageCosts(double Generator, double Decoder)
{
    public double Total => Generator + Decoder;

    public string Text => $"{Number(Total)} GFLOPs per image";

    /// <summary>`0.0236 + 0.0113`.</summary>
    public string Parts => $"{Number(Generator)} + {Number(Decoder)}";

    public static string Number(double? gflops) => Numbers.Significant(gflops, 3);

    /// <summary>The mean cost over an arm's runs at a number of network evaluations; null if it was not measured.</summary>
    public static ImageCosts? Of(ReportData data, ArmView arm, int steps)
    {
        var known = arm.Runs.Select(run => Of(data.Stage(run, "sampling"), steps)).OfType<ImageCosts>().ToArray();
        return known.Length == 0 ? null : new(known.Average(cost => cost.Generator), known.Average(cost => cost.Decoder));
    }

    public static ImageCosts? Of(StageRecord? sampling, int steps) =>
        Value(sampling, MetricNames.GeneratorGflops, steps) is { } generator
            && Value(sampling, MetricNames.DecoderGflops, steps) is { } decoder
            ? new(generator, decoder)
            : null;

    private static double? Value(StageRecord? sampling, string metric, int steps) =>
        sampling?.Measurements.LastOrDefault(one => one.Metric == metric && one.Steps == steps)?.Value is { } value && double.IsFinite(value)
            ? value
            : null;
}

/// <summary>The primary metric at every number of steps, and whether its values can be ranked.</summary>
internal sealed class PrimaryQuality
{
    private readonly Measurement[] _measured;

    public PrimaryQuality(ReportData data)
    {
        Metric = data.Record.PrimaryMetric.Split('@')[0];
        // While only pilot seeds have run, a metric has no other values.
        var keys = data.Keys.Where(key => key.Split('@')[0] == Metric && Measured(data, key).Any()).ToArray();
        Steps = keys.ToDictionary(key => key, key => Measured(data, key).First().Steps);
        Keys = [.. keys.OrderBy(key => Steps[key])];
        _measured = [.. keys.SelectMany(key => Measured(data, key))];
        var conflict = MeasurementIdentity.Difference(_measured.Select(measurement => measurement with { Steps = 0 }));
        var aimless = _measured.Length > 0 && _measured[0].HigherIsBetter is null;
        Obstacle = conflict?.ToString() ?? (aimless ? "the metric has no better direction" : null);
    }

    /// <summary>The metric without its number of steps.</summary>
    public string Metric { get; }

    public string Label => MetricName.Label(Metric);

    /// <summary>The keys of the metric, by ascending number of steps.</summary>
    public IReadOnlyList<string> Keys { get; }

    public IReadOnlyDictionary<string, int> Steps { get; }

    /// <summary>Why values cannot be ranked; null if they can.</summary>
    public string? Obstacle { get; }

    /// <summary>The Pareto front of some points, by ascending cost; empty if values cannot be ranked.</summary>
    public IReadOnlyList<CostPoint> Front(IReadOnlyList<CostPoint> points) => Obstacle is not null ? [] :
    [
        .. ParetoFront.Of([.. points.Select(point => (point.Cost, point.Quality))], _measured.FirstOrDefault()?.HigherIsBetter == true)
            .Select(at => points[at]),
    ];

    private static IEnumerable<Measurement> Measured(ReportData data, string key) =>
        data.Compare(key).Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement);
}
