using System.Diagnostics;
using System.Globalization;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Renders the report of a large experiment from the database, which the real writer has filled, and opens it in a browser.
/// </summary>
/// <param name="database">A file that stays, and is not filled again where it is there already; null for a temporary one.</param>
internal sealed class ReportLoad(int arms, int seeds, int series, int steps, string? database)
{
    private const int Turns = 5;
    private const string Name = "report-load";
    private static readonly string[] Metrics = ["fid", "kid", "is", "precision", "recall", "density", "coverage", "accuracy"];
    private static readonly DateTimeOffset Beginning = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Random _random = new(0);

    public void Run()
    {
        using var folder = new TemporaryFolder();
        Console.WriteLine($"{Machine.Description}.");
        var path = database is null ? Path.Combine(folder.Path, "lab.db") : Path.GetFullPath(database);
        if (File.Exists(path))
        {
            // One that an older program filled is brought up to date.
            LabDatabase.OpenExisting(path).Dispose();
        }
        else
        {
            var watch = Stopwatch.StartNew();
            var points = Fill(path, folder.Path);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arms} arms × {seeds} seeds × {series} series × {steps:N0} steps, "
                + $"{points:N0} points; written in {watch.Elapsed.TotalSeconds:F0} s, {new FileInfo(path).Length / 1e6:F0} MB."));
        }

        var (read, built) = (new List<double>(), new List<double>());
        var page = "";
        for (var turn = 0; turn < Turns; turn++)
        {
            using var lab = LabDatabase.OpenReadOnly(path);
            var watch = Stopwatch.StartNew();
            var record = new RunQueries(lab).Experiment(Name)!;
            read.Add(watch.Elapsed.TotalMilliseconds);
            watch.Restart();
            var text = ReportBuilder.Build(record);
            built.Add(watch.Elapsed.TotalMilliseconds);
            if (page.Length > 0 && page != text)
            {
                throw new InvalidOperationException("the same database gave two pages");
            }

            page = text;
        }

        var file = Path.Combine(folder.Path, "report.html");
        File.WriteAllText(file, page, new UTF8Encoding(false));
        Console.WriteLine();
        Console.WriteLine("| | first ms | median ms |");
        Console.WriteLine("|---|---|---|");
        Row("reading the record", read);
        Row("building the page", built);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nThe page has {new FileInfo(file).Length / 1e6:F2} MB."));
        Open(file, folder.Path);
    }

    /// <summary>The time of a browser from its start to a screenshot of the page, and the same for an empty page, measured alternately.</summary>
    private static void Open(string file, string folder)
    {
        var empty = Path.Combine(folder, "empty.html");
        File.WriteAllText(empty, "<!doctype html><title>empty</title>");
        var (pages, empties) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < Turns; turn++)
        {
            empties.Add(Shoot(empty, folder));
            pages.Add(Shoot(file, folder));
        }

        Console.WriteLine();
        Console.WriteLine("| browser, from its start to a picture | first ms | median ms |");
        Console.WriteLine("|---|---|---|");
        Row("an empty page", empties);
        Row("the report", pages);
        Row("the difference", [.. pages.Zip(empties, (page, none) => page - none)]);
    }

    private static double Shoot(string file, string folder)
    {
        var start = new ProcessStartInfo("chromium",
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--window-size=1280,900", $"--user-data-dir={Path.Combine(folder, "profile")}",
            $"--screenshot={Path.Combine(folder, "page.png")}", new Uri(file).AbsoluteUri,
        ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var watch = Stopwatch.StartNew();
        using var browser = Process.Start(start)!;
        browser.StandardError.ReadToEnd();
        browser.WaitForExit();
        return watch.Elapsed.TotalMilliseconds;
    }

    private long Fill(string path, string folder)
    {
        var file = Path.Combine(folder, Name + ".json");
        var values = Enumerable.Range(0, arms).Select(arm => (arm / (double)Math.Max(1, arms - 1)).ToString("R", CultureInfo.InvariantCulture));
        File.WriteAllText(file, $$"""
            {
              "version": 1, "question": "How long does a large report take?", "expectation": "Less than three seconds.", "primaryMetric": "fid@1",
              "extends": "{{Path.GetFullPath("experiments/base/fashion-mnist.json").Replace('\\', '/')}}",
              "axes": { "meanflow.lambda": [{{string.Join(", ", values)}}] }, "baseline": { "meanflow.lambda": 0 },
              "seeds": [{{string.Join(", ", Enumerable.Range(0, seeds))}}]
            }
            """);
        var read = ExperimentReader.Read(file, [], Environment.CurrentDirectory);
        var experiment = read.Experiment ?? throw new LabException(string.Join('\n', read.Diagnostics));
        using var lab = LabDatabase.OpenOrCreate(path);
        using var log = new RunLog(lab);
        var plan = Planner.Build(experiment, FileHash.In(Environment.CurrentDirectory));
        log.Begin(plan, new HashSet<string>());
        var written = 0L;
        foreach (var stage in plan.Stages)
        {
            written += Tell(log, stage, folder);
            log.Status(stage.Key, StageStatus.Completed);
        }

        log.End(plan);
        return written;
    }

    /// <summary>Returns the number of points.</summary>
    private long Tell(RunLog log, StageNode stage, string folder)
    {
        var lines = new List<JournalLine>();
        void Write(JournalEvent entry) => lines.Add(new(lines.Count + 1, Beginning.AddMilliseconds(100L * lines.Count), entry));
        Write(new StartedEvent(1, "host", 1, "boot", "cpu", 1));
        var points = 0L;
        if (stage.Kind == "meanflow")
        {
            for (var step = 1; step <= steps; step++)
            {
                var level = 1 / Math.Sqrt(step);
                Write(new MetricsEvent(step, Enumerable.Range(0, series).ToDictionary(
                    one => $"series{one:D2}", one => (double?)(level * (1 + (0.1 * _random.NextDouble()) + one)))));
            }

            points = (long)steps * series;
        }

        if (stage.Kind == "evaluation")
        {
            foreach (var metric in Metrics)
            {
                Write(new MeasuredEvent(new(metric, _random.NextDouble(), 0, 1, 10_000, 1, 1, "balanced", "extractor", "uint8", "reference",
                    metric is not ("fid" or "kid"))));
            }
        }

        Write(new FinishedEvent(AttemptStatus.Completed, 90, 85, 500_000_000, null));
        log.Ingest(stage.Key, 1, lines, folder);
        return points;
    }

    private static void Row(string name, List<double> times)
    {
        var sorted = times.Order().ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {times[0]:F0} | {sorted[sorted.Count / 2]:F0} |"));
    }
}
