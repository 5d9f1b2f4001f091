using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>A database of one experiment, two arms under two seeds, in which every role has told something; a stage failed once.</summary>
/// <param name="mark">A suffix of the names of the experiment and its metric, and of the kind of its trainings.</param>
internal sealed class FilledLab : IDisposable
{
    private static readonly string[] Roles =
    [
        "dataset", "teacherSampling", "teacherEvaluation", "ladder", "cmt", "meanflow", "snapshots", "sampling", "evaluation", "derivativeError",
    ];

    private readonly LabFolder _lab = new();
    private readonly string _mark;

    public FilledLab(string mark)
    {
        this._mark = mark;
        using var database = LabDatabase.OpenOrCreate(Database);
        using var log = new RunLog(database);
        var plan = Plan();
        log.Begin(plan, new HashSet<string>());
        foreach (var stage in plan.Stages)
        {
            log.Ingest(stage.Key, 1, Journal(stage), _lab.Path);
            log.Status(stage.Key, stage.Label == "cmt" ? StageStatus.Failed : StageStatus.Completed);
        }

        log.End(plan);
    }

    public string Name => "asked" + _mark;

    /// <summary>The metric of the arms, without its number of steps.</summary>
    public string Metric => "fid" + _mark;

    public string Kind => "meanflow" + _mark;

    public string Database => _lab.At("data/lab.db");

    public Answer Run(params string[] args) => _lab.Run(args);

    public void Dispose() => _lab.Dispose();

    private Plan Plan()
    {
        var written = ExperimentReader.Read("experiments/smoke.json", [], _lab.Path).Experiment!;
        var stages = new List<StageNode>();
        var runs = new List<PlannedRun>();
        foreach (var arm in written.Arms)
        {
            foreach (var seed in new[] { 0L, 1 })
            {
                var own = Roles.ToDictionary(role => role, role => Place(role) < Place("cmt") ? role : $"{role} {arm.Name} {seed}");
                own["cmt"] = "cmt";
                runs.Add(new(TestWorker.TestPlan.KeyOf($"run {arm.Name} {seed}"), arm.Name, seed, own.ToDictionary(
                    role => role.Key, role => TestWorker.TestPlan.KeyOf(role.Value))));
                stages.AddRange(own.Where(role => stages.All(known => known.Label != role.Value)).Select(role => new StageNode(
                    TestWorker.TestPlan.KeyOf(role.Value), role.Key == "meanflow" ? Kind : role.Key, role.Value, new ReferenceStage(role.Key), seed,
                    new Dictionary<string, string>())));
            }
        }

        return new(written with { Name = Name, PrimaryMetric = Metric + "@1", Seeds = [0, 1] }, stages, runs, TestWorker.TestPlan.KeyOf("plan"));
    }

    private static int Place(string role) => Array.IndexOf(Roles, role);

    private JournalLine[] Journal(StageNode stage)
    {
        var role = ((ReferenceStage)stage.Definition).Split;
        JournalEvent[] events =
        [
            new StartedEvent(1, "here", 1, "", "cpu", 1),
            .. role is "cmt" or "meanflow" or "snapshots" or "derivativeError"
                ? new JournalEvent[] { Point(1, 2), Point(2, 1) }
                : new JournalEvent[] { Measured(role is "sampling" or "teacherSampling" ? "gflops.image" : role == "derivativeError" ? role : Metric, 12) },
            .. role == "derivativeError" ? new JournalEvent[] { Measured("derivativeError", 0.5) } : [],
            .. role == "meanflow" ? new JournalEvent[] { new MachineEvent(new(5, 1, 1 << 30)) } : [],
            new FinishedEvent(role == "cmt" ? "failed" : "completed", 1, 1, 1, role == "cmt" ? "too little" : null),
        ];
        return [.. events.Select((one, i) => new JournalLine(i + 1, DateTimeOffset.UnixEpoch.AddSeconds(i), one))];
    }

    private static MetricsEvent Point(long step, double value) =>
        new(step, new Dictionary<string, double?> { ["loss"] = value, ["fid"] = value, ["gradientNorm"] = value });

    private static MeasuredEvent Measured(string metric, double value) =>
        new(new(metric, value, value - 1, value + 1, 100, 1, 1, "balanced", "e", "none", "r", false));
}
