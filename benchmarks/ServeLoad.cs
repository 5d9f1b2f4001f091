using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Writing;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The cost of many viewers for a run that reports at full rate: viewers who load the page at each event, from a server that is
/// another process, as theirs is. Times with and without viewers take turns.
/// </summary>
internal static class ServeLoad
{
    private const int Stages = 6;
    private const int Batch = 300;
    private const int Steps = 5000;

    /// <param name="viewers">How many people watch.</param>
    /// <param name="turns">Of both kinds.</param>
    /// <param name="seconds">How long each turn lasts.</param>
    public static void Run(int viewers, int turns, int seconds)
    {
        using var folder = new TemporaryFolder();
        var plan = Ablation.Plan();
        using var database = LabDatabase.OpenOrCreate(Path.Combine(folder.Path, "lab.db"));
        using var log = new RunLog(database);
        log.Begin(plan, new HashSet<string>());
        var run = new Reporter(log, [.. plan.Stages.Where(stage => stage.Kind == "meanflow").Take(Stages).Select(stage => stage.Key)]);
        // The curves have all their points before anything is measured, so that no turn has more to show than another.
        run.Report(() => run.Rounds <= Steps / Batch);

        using var server = Start("serve", "--port", "0", "--db", database.Path, "--store", Path.Combine(folder.Path, "store"));
        var address = server.StandardOutput.ReadLine() ?? throw new LabException("the server did not start");
        var page = new Uri(new(address), Uri.EscapeDataString(plan.Experiment.Name) + ".html");
        var alone = new List<Turn>();
        var watched = new List<Turn>();
        var (pages, bytes, served) = (0.0, 0.0, TimeSpan.Zero);
        for (var turn = 0; turn < turns; turn++)
        {
            // The kinds alternate, and each goes first equally often, so other load on the machine affects both alike.
            if (turn % 2 == 0)
            {
                alone.Add(run.Take(seconds));
            }

            using (var audience = Start("viewers", page.AbsoluteUri, viewers.ToString(CultureInfo.InvariantCulture)))
            {
                _ = audience.StandardOutput.ReadLine();
                var before = server.TotalProcessorTime;
                watched.Add(run.Take(seconds));
                server.Refresh();
                served += server.TotalProcessorTime - before;
                audience.StandardInput.Close();
                var told = audience.StandardOutput.ReadToEnd().Split(' ');
                audience.WaitForExit();
                pages += double.Parse(told[0], CultureInfo.InvariantCulture);
                bytes += double.Parse(told[1], CultureInfo.InvariantCulture);
            }

            if (turn % 2 == 1)
            {
                alone.Add(run.Take(seconds));
            }
        }

        server.Kill();
        server.WaitForExit();
        Console.WriteLine("| | alone | watched | ratio | median of the pairs |");
        Console.WriteLine("|---|---|---|---|---|");
        Row("seconds", turn => turn.Seconds);
        Row("processor seconds", turn => turn.Processor);
        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{turns} pairs of turns of {seconds} s. In a turn each of {viewers} viewers loaded {pages / turns / viewers:F1} pages of "
                + $"{bytes / Math.Max(pages, 1) / 1e3:N0} kB, and the server took {served.TotalSeconds / (turns * seconds):P1} of one core."));

        void Row(string unit, Func<Turn, double> cost)
        {
            var ratios = alone.Zip(watched, (one, other) => cost(other) / other.Lines / (cost(one) / one.Lines)).Order().ToList();
            var (without, with) = (alone.Sum(cost) / alone.Sum(turn => turn.Lines), watched.Sum(cost) / watched.Sum(turn => turn.Lines));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {unit} for 1,000 lines | {without * 1000:F4} | {with * 1000:F4} | {with / without:F3} | {Measured.Median(ratios):F3} "
                    + $"({ratios[0]:F3} to {ratios[^1]:F3}) |"));
        }
    }

    /// <summary>Viewers in a separate process, which ends when its input closes.</summary>
    public static void Watch(string page, int viewers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2 * viewers }) { Timeout = Timeout.InfiniteTimeSpan };
        using var stop = new CancellationTokenSource();
        var (loads, bytes, joined) = (0, 0L, 0);
        var running = Enumerable.Range(0, viewers).Select(_ => Follow()).ToArray();
        while (Volatile.Read(ref joined) < viewers)
        {
            Thread.Sleep(20);
        }

        Console.WriteLine("watching");
        Console.OpenStandardInput().ReadByte();
        stop.Cancel();
        Task.WaitAll(running);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loads} {bytes}"));

        async Task Follow()
        {
            var events = new Uri(page.Replace(".html", "", StringComparison.Ordinal).Insert(page.LastIndexOf('/'), "/events"));
            try
            {
                await client.GetByteArrayAsync(page, stop.Token);
                using var reader = new StreamReader(await client.GetStreamAsync(events, stop.Token));
                for (var first = true; await reader.ReadLineAsync(stop.Token) is { } line;)
                {
                    if (!line.StartsWith("data:", StringComparison.Ordinal))
                    {
                        continue;
                    }

                    if (first)
                    {
                        Interlocked.Increment(ref joined);
                    }
                    else
                    {
                        Add(await client.GetByteArrayAsync(page, stop.Token));
                    }

                    first = false;
                }
            }
            catch (OperationCanceledException)
            {
                // The turn is over.
            }
        }

        void Add(byte[] content)
        {
            Interlocked.Increment(ref loads);
            Interlocked.Add(ref bytes, content.Length);
        }
    }

    private static Process Start(string verb, params string[] args)
    {
        string[] command = verb == "viewers"
            ? [typeof(ServeLoad).Assembly.Location, "serve-load", $"viewers-of={args[0]}", $"viewers={args[1]}"]
            : [Path.Combine(AppContext.BaseDirectory, "MfRae.Lab.dll"), verb, .. args];
        return Process.Start(new ProcessStartInfo("dotnet", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Reports the same steps again and again, so that the database keeps its size and every line is written nevertheless.</summary>
    private sealed class Reporter(RunLog log, IReadOnlyList<string> stages)
    {
        private readonly Random _random = new(0);
        private DateTimeOffset _at = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private long _seq;

        public int Rounds { get; private set; }

        public Turn Take(int seconds)
        {
            var (began, watch, processor) = (_seq, Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            Report(() => watch.Elapsed.TotalSeconds < seconds);
            return new((_seq - began) * stages.Count, watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }

        public void Report(Func<bool> more)
        {
            for (; more(); Rounds++)
            {
                var lines = Enumerable.Range(0, Batch).Select(_ => Line()).ToList();
                foreach (var stage in stages)
                {
                    log.Ingest(stage, 1, lines, ".");
                }
            }
        }

        private JournalLine Line()
        {
            _at = _at.AddMilliseconds(60);
            var values = Ablation.Series.ToDictionary(name => name, _ => (double?)_random.NextDouble());
            return new(++_seq, _at, new MetricsEvent(_seq % Steps, values));
        }
    }

    private readonly record struct Turn(double Lines, double Seconds, double Processor);
}
