using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// How fast points get into the database, and how many bytes of the file each takes. Stages report in turns, two at a time, as they do
/// when two workers run at once; each batch holds the events that a stage wrote between two reads of its journal.
/// </summary>
internal static class IngestCost
{
    private const int Stages = 6;
    private const int Lines = 20_000;
    private const int Batch = 300;

    public static void Run()
    {
        Console.WriteLine("| points come from | points | points/s | bytes a point |");
        Console.WriteLine("|---|---|---|---|");
        Measure("lines in memory", fromFiles: false);
        Measure("journal files", fromFiles: true);
    }

    private static void Measure(string name, bool fromFiles)
    {
        using var folder = new TemporaryFolder();
        var plan = Ablation.Plan();
        var stages = plan.Stages.Where(stage => stage.Kind == "meanflow").Take(Stages).Select(stage => stage.Key).ToList();
        var path = Path.Combine(folder.Path, "lab.db");
        var told = stages.ToDictionary(stage => stage, stage => Journal(stages.IndexOf(stage)));
        var files = stages.ToDictionary(stage => stage, stage => Path.Combine(folder.Path, stage));
        if (fromFiles)
        {
            foreach (var stage in stages)
            {
                File.WriteAllLines(files[stage], told[stage].Select(Text));
            }
        }

        using (var database = LabDatabase.OpenOrCreate(path))
        using (var log = new RunLog(database))
        {
            log.Begin(plan, new HashSet<string>());
        }

        var empty = new FileInfo(path).Length;
        var watch = Stopwatch.StartNew();
        using (var database = LabDatabase.OpenOrCreate(path))
        using (var log = new RunLog(database))
        {
            foreach (var pair in stages.Chunk(2))
            {
                var parts = pair.Select(stage => fromFiles ? FromFile(files[stage]) : told[stage].Chunk(Batch)).ToList();
                foreach (var (one, other) in parts[0].Zip(parts[1]))
                {
                    log.Ingest(pair[0], 1, one, folder.Path);
                    log.Ingest(pair[1], 1, other, folder.Path);
                }
            }
        }

        var seconds = watch.Elapsed.TotalSeconds;
        var points = (double)Stages * Lines * Ablation.Series.Length;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {points:N0} | {points / seconds:N0} | {(new FileInfo(path).Length - empty) / points:F1} |"));
    }

    /// <summary>As the coordinator reads a journal that grows: some lines more each time it looks.</summary>
    private static IEnumerable<IReadOnlyList<JournalLine>> FromFile(string path)
    {
        var whole = File.ReadAllBytes(path);
        var growing = path + ".growing";
        using var file = new FileStream(growing, FileMode.Create, FileAccess.Write, FileShare.Read);
        var (begin, next) = (0, 0L);
        while (begin < whole.Length)
        {
            var end = begin;
            for (var line = 0; line < Batch && end < whole.Length; line++)
            {
                end += whole.AsSpan(end).IndexOf((byte)'\n') + 1;
            }

            file.Write(whole.AsSpan(begin, end - begin));
            file.Flush();
            begin = end;
            (var lines, next) = JournalReader.Read(growing, next);
            yield return lines;
        }
    }

    private static string Text(JournalLine line) => JsonSerializer.Serialize(line, LabJson.Default.JournalLine);

    private static List<JournalLine> Journal(int seed)
    {
        var random = new Random(seed);
        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return
        [
            .. Enumerable.Range(1, Lines).Select(seq =>
            {
                at = at.AddMilliseconds(60 + (20 * random.NextDouble()));
                return new JournalLine(
                    seq, at, new MetricsEvent(seq, Ablation.Series.ToDictionary(name => name, _ => (double?)random.NextDouble())));
            }),
        ];
    }
}
