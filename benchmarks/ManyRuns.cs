using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Cli;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Asks a database of very many runs what people ask most. It is filled by the real writer with plans of the lab's own ablation under
/// other names and seeds, so what experiments share is shared here too.
/// </summary>
/// <param name="experiments">Of five arms each.</param>
/// <param name="seeds">Of each experiment.</param>
/// <param name="points">In all.</param>
/// <param name="database">A file that stays, and is not filled again where it is there already; null for a temporary one.</param>
internal sealed class ManyRuns(int experiments, int seeds, long points, string? database)
{
    private const int Repeats = 9;
    private static readonly string[] Metrics = ["fid", "kid", "is", "precision", "recall", "density", "coverage", "accuracy"];
    private static readonly DateTimeOffset Beginning = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(0);
    private DateTimeOffset _now = Beginning;

    public void Run()
    {
        using var folder = new TemporaryFolder();
        var places = LabPaths.Of(folder.Path, database: database is null ? "lab.db" : Path.GetFullPath(database));
        Console.WriteLine($"{Machine.Description}.");
        if (File.Exists(places.Database))
        {
            // One that an older program filled is brought up to date.
            LabDatabase.OpenExisting(places.Database).Dispose();
        }
        else
        {
            var watch = Stopwatch.StartNew();
            var (runs, written) = Fill(places.Database, folder.Path);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{runs:N0} runs in {experiments} experiments, {written:N0} points; written in {watch.Elapsed.TotalSeconds:F0} s, "
                    + $"{new FileInfo(places.Database).Length / 1e6:F0} MB."));
        }

        Console.WriteLine();
        Console.WriteLine("| | median ms | slowest ms | characters |");
        Console.WriteLine("|---|---|---|---|");
        Row("ls", () => Ls(places));
        Row("ls --json", () => Ls(places, "--json"));
        Row("ls of one experiment", () => Ls(places, "sweep-007"));
        Row("select * from arms where experiment = …", () => Query(places, "select * from arms where experiment = 'sweep-007'"));
        Row("select * from runs where experiment = …", () => Query(places, "select * from runs where experiment = 'sweep-007'"));
        Row("one curve from metrics", () => Query(
            places,
            "select step, value from metrics where experiment = 'sweep-007' and label = 'meanflow lambda=0 seed 145' and name = 'loss'"));
        Row("the record of one experiment, for its report", () => Record(places));
    }

    private (int Runs, long Points) Fill(string path, string folder)
    {
        var read = Ablation.Experiment();
        var hash = FileHash.In(Environment.CurrentDirectory);
        var hashes = new Dictionary<string, string>();
        string Hash(string file) => hashes.TryGetValue(file, out var known) ? known : hashes[file] = hash(file);
        using var database = LabDatabase.OpenOrCreate(path);
        using var log = new RunLog(database);
        var done = new HashSet<string>();
        var (runs, written) = (0, 0L);
        var trainings = (double)experiments * seeds * (read.Arms.Count + 1);
        var steps = (int)Math.Round(points / trainings / Ablation.Series.Length);
        for (var i = 0; i < experiments; i++)
        {
            var plan = Planner.Build(
                read with
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"sweep-{i:D3}"),
                    Seeds = [.. Enumerable.Range(i * seeds, seeds).Select(seed => (long)seed)],
                },
                Hash);
            runs += plan.Runs.Count;
            log.Begin(plan, done);
            foreach (var stage in plan.Stages.Where(stage => done.Add(stage.Key)))
            {
                var lines = Lines(stage, steps);
                log.Ingest(stage.Key, 1, lines, folder);
                log.Status(stage.Key, StageStatus.Completed);
                written += lines.Sum(line => line.Event is MetricsEvent metrics ? metrics.Values.Count : 0);
            }

            log.End(plan);
        }

        return (runs, written);
    }

    private List<JournalLine> Lines(StageNode stage, int steps)
    {
        var events = new List<JournalEvent> { new StartedEvent(1, "host", 1, "boot", "cpu", 2) };
        if (stage.Kind is "meanflow" or "cmt")
        {
            events.AddRange(Enumerable.Range(1, steps).Select(step => new MetricsEvent(
                10 * step, Ablation.Series.ToDictionary(name => name, _ => (double?)_random.NextDouble()))));
        }

        if (stage.Kind == "evaluation")
        {
            events.AddRange(Metrics.Select(metric => new MeasuredEvent(new(
                metric, _random.NextDouble(), 0, 1, 10_000, 1, 1, "balanced", "extractor", "uint8", "reference",
                metric is not ("fid" or "kid")))));
        }

        events.Add(new FinishedEvent(AttemptStatus.Completed, 90, 170, 500_000_000, null));
        var lines = new List<JournalLine>(events.Count);
        foreach (var entry in events)
        {
            lines.Add(new(lines.Count + 1, _now, entry));
            _now = _now.AddMilliseconds(747);
        }

        return lines;
    }

    private static int Ls(LabPaths places, params string[] arguments) => Verb(places, ["ls", .. arguments]);

    private static int Query(LabPaths places, string sql) => Verb(places, ["query", sql, "--json", "--limit", "100000"]);

    /// <summary>The number of characters that a verb prints.</summary>
    private static int Verb(LabPaths places, string[] arguments)
    {
        using var text = new StringWriter();
        using var signals = new StopSignals();
        var lab = new LabContext(
            new Terminal(text, TextWriter.Null, null), places.WorkingDirectory, LabContext.ProcessLauncher(), () => Stream.Null, signals,
            TimeProvider.System);
        Cli.Program.Run([.. arguments, "--db", places.Database], lab);
        return text.ToString().Length;
    }

    private static int Record(LabPaths places)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        return new RunQueries(database).Experiment("sweep-007")!.Stages.Sum(stage => stage.Series.Sum(series => series.Steps.Count));
    }

    private static void Row(string name, Func<int> work)
    {
        // The first time reads the file and compiles the code.
        var size = work();
        var times = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            var watch = Stopwatch.StartNew();
            work();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {name} | {times[Repeats / 2]:F0} | {times[^1]:F0} | {size:N0} |"));
    }
}
