using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Imports runs of other programs that `mfrae_log.py` logged into the store: each run as a stage with its journal and images, and each
/// experiment as a plan. A run without an end is an incomplete stage; importing again adds what it logged since. Files of a run are data: names
/// are checked, and only events that describe results are taken.
/// </summary>
/// <param name="store">The store.</param>
public sealed class LoggedRuns(ArtifactStore store)
{
    private const int MostConfigBytes = 1 << 20;
    private const int LongestQuestion = 10_000;
    private const int Attempt = 1;
    private const long MostImageBytes = 32L << 20;
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly List<string> _warnings = [];

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The lengths of all records and journals below a folder: a change means that something was logged.</summary>
    public static string State(string folder) => string.Join('\n', Directory.EnumerateFiles(folder, "*", Below)
        .Where(path => Path.GetFileName(path) is LoggedRun.FileName or LoggedRun.JournalName)
        .Order(StringComparer.Ordinal)
        .Select(path => string.Create(CultureInfo.InvariantCulture, $"{path} {new FileInfo(path).Length}")));

    /// <summary>Takes all runs below a folder into the store.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <param name="shown">The path of the folder in plans.</param>
    /// <param name="refusal">The reason why an experiment cannot have a name, or null.</param>
    /// <returns>One plan for each experiment, ordered by name, and a sentence for everything that was left out.</returns>
    /// <exception cref="LabException">The folder has no runs, a name is not allowed, or the store cannot be written.</exception>
    public LoggedImport Take(string folder, string shown, Func<string, string?> refusal)
    {
        var runs = Read(folder);
        var plans = new List<PlanRecord>();
        try
        {
            foreach (var experiment in runs.GroupBy(run => run.Record.Experiment).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                if (refusal(experiment.Key) is { } reason)
                {
                    throw new LabException($"{folder}: the runs of {experiment.Key} are refused: {reason}. Log them under another name");
                }

                plans.Add(Take(experiment.Key, shown, [.. experiment]));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{folder}: cannot import the runs into {store.Root}: {error.Message}", error);
        }

        return new(plans, _warnings);
    }

    private List<Found> Read(string folder)
    {
        var found = new List<Found>();
        foreach (string path in Directory.EnumerateFiles(folder, LoggedRun.FileName, Below).Order(StringComparer.Ordinal))
        {
            try
            {
                byte[] bytes = File.ReadAllBytes(path);
                VersionedJson.RefuseNewer(path, bytes, LoggedRun.Known);
                var record = VersionedJson.Read<LoggedRun>(bytes);
                if (Fault(record) is { } fault)
                {
                    throw new LabException($"{path}: {fault}");
                }

                found.Add(new(record, Path.GetDirectoryName(path)!));
            }
            catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
            {
                throw new LabException($"{path} is not the record of a run, which mfrae_log.py writes: {error.Message}", error);
            }
        }

        return found.Count > 0 ? found : throw new LabException(
            $"{folder} has no runs: a run is a folder with {LoggedRun.FileName} and {LoggedRun.JournalName}, as mfrae_log.py writes it");
    }

    private static string? Fault(LoggedRun run) =>
        !ArtifactName.IsName(run.Experiment) || ArtifactName.ExperimentFault(run.Experiment) is not null
            ? $"'{PrintableText.Of(run.Experiment, 200)}' is not a valid name of an experiment"
        : !ArtifactName.IsArm(run.Arm) ? $"'{PrintableText.Of(run.Arm, 200)}' is not a valid name of an arm"
        : run.Seed is < 0 or > int.MaxValue ? "the seed is not a whole number from 0 to 2147483647"
        : run.Id.Length != 32 || !run.Id.All(char.IsAsciiHexDigitLower) ? "the id does not have 32 hex digits"
        : run.Config.ValueKind != JsonValueKind.Object ? "`config` is not an object"
        : run.Config.GetRawText().Length > MostConfigBytes ? "`config` is larger than 1 MiB"
        : run.Question.Length > LongestQuestion ? "the question has more than 10,000 characters"
        : null;

    private PlanRecord Take(string name, string folder, IReadOnlyList<Found> all)
    {
        var runs = all.GroupBy(run => (run.Record.Arm, run.Record.Seed)).Select(same => same.OrderBy(run => run.Record.Started).Last())
            .OrderBy(run => run.Record.Started).ToList();
        foreach (var run in all.Except(runs))
        {
            _warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Folder}: left out, because a later run has the same arm {run.Record.Arm} and seed {run.Record.Seed}"));
        }

        // One plan for each name, so that a new run does not make a new version of the experiment.
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{LoggedStage.Kind} {name}")));
        var records = new StoreRecords(store);
        var known = records.Plans().Where(plan => plan.Name == name).ToList();
        if (known.Exists(plan => plan.Hash != hash))
        {
            throw new LabException($"{folder}: {name} is an experiment of the lab: log the runs under another name");
        }

        var plan = Plan(name, hash, folder, runs, known.FirstOrDefault());
        // Recorded first: from now on no stage of the plan is garbage.
        records.Replace(plan);
        foreach (var run in runs)
        {
            Store(run);
        }

        return plan;
    }

    private static PlanRecord Plan(string name, string hash, string folder, List<Found> runs, PlanRecord? known)
    {
        var now = runs.ConvertAll(run => new PlannedRun(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(run.Record.Id))), run.Record.Arm, run.Record.Seed,
            new Dictionary<string, string> { ["sampling"] = run.Node.Key, ["evaluation"] = run.Node.Key }));
        // Runs that were imported before and whose folders are gone stay.
        var kept = (known?.Runs ?? []).Where(old => !now.Exists(run => run.Arm == old.Arm && run.Seed == old.Seed)).ToList();
        var keptKeys = kept.SelectMany(run => run.Stages.Values).ToHashSet();
        var configs = runs.GroupBy(run => run.Record.Arm).ToDictionary(arm => arm.Key, arm => arm.First().Record.Config.GetRawText());
        var names = (known?.Arms ?? []).Select(arm => arm.Name).Where(arm => configs.ContainsKey(arm) || kept.Exists(run => run.Arm == arm))
            .Union(runs.Select(run => run.Record.Arm)).ToList();
        string Options(string arm) => configs.GetValueOrDefault(arm) ?? known!.Arms.First(old => old.Name == arm).OptionsJson;
        string baseline = runs.FirstOrDefault(run => run.Record.Baseline)?.Record.Arm
            ?? known?.Arms.FirstOrDefault(arm => arm.Baseline && names.Contains(arm.Name))?.Name ?? names[0];
        var leaves = names.ToDictionary(arm => arm, arm => Leaves(JsonNode.Parse(Options(arm)), ""));
        string? question = runs.Select(run => run.Record.Question).LastOrDefault(text => text.Length > 0) ?? known?.Question;
        return new PlanRecord(
            1,
            runs.Max(run => run.Record.Started),
            name,
            hash,
            folder,
            question ?? "Runs of another program.",
            "Nothing was written down before the runs.",
            Primary(runs) ?? known?.PrimaryMetric ?? "fid",
            [],
            "{}",
            null,
            [.. names.Select(arm => new ArmRecord(
                arm,
                arm == baseline,
                leaves[arm].Where(leaf => leaves[baseline].GetValueOrDefault(leaf.Key) != leaf.Value).ToDictionary(),
                Options(arm)))],
            [
                .. (known?.Stages ?? []).Where(stage => keptKeys.Contains(stage.Key)),
                .. runs.Select(run => PlannedStage.Of(run.Node)),
            ],
            [.. kept, .. now],
            FirstBegun: runs.Select(run => run.Record.Started).Append(known?.FirstBegun ?? DateTimeOffset.MaxValue).Min());
    }

    /// <summary>The key of the first value that has a better direction, otherwise of the first value.</summary>
    private static string? Primary(List<Found> runs)
    {
        var values = runs.SelectMany(run => run.Lines().Lines).Select(line => line.Event).OfType<MeasuredEvent>().Select(entry => entry.Measurement).ToList();
        return (values.Find(value => value.HigherIsBetter is not null) ?? values.FirstOrDefault())?.Key;
    }

    private static Dictionary<string, string> Leaves(JsonNode? node, string path) => node is JsonObject { Count: > 0 } inner
        ? inner.SelectMany(entry => Leaves(entry.Value, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}")).DistinctBy(leaf => leaf.Key).ToDictionary()
        : new() { [path] = node?.ToJsonString() ?? "null" };

    /// <summary>Writes the journal and the images of a run, and completes its stage if the run has ended well.</summary>
    private void Store(Found run)
    {
        string key = run.Node.Key;
        var (lines, problem) = run.Lines();
        if (problem is not null)
        {
            _warnings.Add(problem);
        }

        if (store.IsComplete(key) || lines.Count == 0)
        {
            return;
        }

        ArtifactStore.CreateFolder(store.Root);
        ArtifactStore.CreateFolder(Path.GetDirectoryName(store.PartialFolder(key))!);
        string target = store.CreatePartial(key);
        foreach (var image in lines.Select(line => line.Event).OfType<ImageEvent>())
        {
            File.Copy(Path.Combine(run.Folder, image.File), Path.Combine(target, image.File), overwrite: true);
        }

        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(JsonSerializer.Serialize(line, LabJson.Default.JournalLine)).Append('\n');
        }

        AtomicFile.Write(Path.Combine(target, JournalFile.NameOf(Attempt)), Encoding.UTF8.GetBytes(text.ToString()));
        if (lines[^1] is { Event: FinishedEvent { Status: AttemptStatus.Completed } } end)
        {
            var started = (StartedEvent)lines[0].Event;
            store.Complete(
                run.Node,
                new Provenance("mfrae_log", started.Host, "", "python", started.Device, started.Threads, Attempt, lines[0].At, end.At),
                seal: () => { });
        }
    }

    private static bool IsPng(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.LinkTarget is not null || file.Length > MostImageBytes || RegularFile.IsSpecial(path))
        {
            return false;
        }

        Span<byte> start = stackalloc byte[8];
        using var stream = file.OpenRead();
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(PngSignature);
    }

    /// <summary>A run below the folder.</summary>
    private sealed class Found
    {
        private (IReadOnlyList<JournalLine> Lines, string? Problem)? _lines;

        public Found(LoggedRun record, string folder)
        {
            (Record, Folder) = (record, folder);
            var definition = new LoggedStage(record.Id, record.Config);
            var none = new Dictionary<string, string>();
            Node = new(
                StageKey.Of(definition, LoggedStage.Kind, definition.Revision(), record.Seed, none, none), LoggedStage.Kind,
                string.Create(CultureInfo.InvariantCulture, $"{record.Arm} seed {record.Seed}"), definition, record.Seed, none);
        }

        public LoggedRun Record { get; }

        public string Folder { get; }

        public StageNode Node { get; }

        /// <summary>
        /// The lines of the journal up to the first that is not understood. The first line begins the attempt; values get the direction of their
        /// metric, if the lab knows it.
        /// </summary>
        public (IReadOnlyList<JournalLine> Lines, string? Problem) Lines() => _lines ??= ReadLines();

        private (IReadOnlyList<JournalLine> Lines, string? Problem) ReadLines()
        {
            string path = Path.Combine(Folder, LoggedRun.JournalName);
            var read = JournalReader.ReadUpToProblem(path, out string? problem).Lines;
            var lines = new List<JournalLine>();
            foreach (var line in read)
            {
                if (Wrong(line, lines.Count) is { } wrong)
                {
                    problem = $"{path}, line {(lines.Count + 1).ToString(CultureInfo.InvariantCulture)}: {wrong}; this line and the lines after it are left out";
                    break;
                }

                lines.Add(line.Event is MeasuredEvent { Measurement: { HigherIsBetter: null } value }
                    ? line with { Event = new MeasuredEvent(value with { HigherIsBetter = MetricCatalogue.HigherIsBetter(value.Metric) }) }
                    : line);
            }

            return (lines, problem);
        }

        private string? Wrong(JournalLine line, int before) =>
            line.Seq != before + 1 ? "its number `seq` does not follow the line before"
            : (line.Event is StartedEvent) != (before == 0) ? "the first line, and only the first, is of type `started`"
            : line.Event switch
            {
                ImageEvent image when !ArtifactName.IsName(image.File) || !image.File.EndsWith(".png", StringComparison.Ordinal) =>
                    "the image does not have a valid file name that ends with .png",
                ImageEvent image when !IsPng(Path.Combine(Folder, image.File)) =>
                    $"{image.File} is missing, a link, not a PNG image, or larger than {(MostImageBytes >> 20).ToString(CultureInfo.InvariantCulture)} MiB",
                FinishedEvent { Status: not (AttemptStatus.Completed or AttemptStatus.Failed) } => "the end is neither completed nor failed",
                StartedEvent or MetricsEvent or MeasuredEvent or ImageEvent or NoticeEvent or FinishedEvent => null,
                _ => "its event is not one of mfrae_log.py",
            };
    }
}

/// <summary>The result of an import of logged runs.</summary>
/// <param name="Plans">One plan for each experiment, ordered by name.</param>
/// <param name="Warnings">A sentence for everything that was left out.</param>
public sealed record LoggedImport(IReadOnlyList<PlanRecord> Plans, IReadOnlyList<string> Warnings);
