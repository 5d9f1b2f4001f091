using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using MfRae.Lab.Core.Planning;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Export;

/// <summary>
/// Writes a folder with one event file for each run: every curve of every stage of the run as ROLE/NAME, and every measurement as
/// ROLE/METRIC at step 0. A stage that several runs share is in the file of each run.
/// </summary>
internal sealed class TensorBoardExport(SqliteConnection connection, string experiment)
{
    private const string EventFileName = "events.out.tfevents.0.lab";
    private readonly RunFolderNames _names = new();

    /// <summary>Writes the event files and a table of the runs below a folder. Returns the names, with /, and the number of events of each file.</summary>
    public IEnumerable<(string Name, long Rows)> Write(string folder, CancellationToken stop)
    {
        var runs = connection.Query<RunRow>("SELECT run AS Run, arm AS Arm, seed AS Seed FROM runs WHERE experiment = @experiment "
            + "ORDER BY arm, seed, run", new { experiment }).AsList();
        var list = Path.Combine(folder, "runs.csv");
        Directory.CreateDirectory(folder);
        using var listed = new CsvRowWriter(new StreamWriter(list), ["folder", "arm", "seed", "run"]);
        foreach (var run in runs)
        {
            var name = _names.Of(run.Arm, run.Seed, run.Run);
            Directory.CreateDirectory(Path.Combine(folder, name));
            var path = Path.Combine(folder, name, EventFileName);
            yield return ($"{name}/{EventFileName}", WriteRun(path, run.Run, stop));
            listed.Write([name, run.Arm, run.Seed, run.Run]);
        }

        listed.Finish();
        yield return ("runs.csv", runs.Count);
    }

    private long WriteRun(string path, string run, CancellationToken stop)
    {
        // A stage with two roles in a run is written under the first role.
        var stages = connection.Query<(string Stage, string Role)>(
            """
            SELECT m.stage, min(m.role) FROM run_stages m JOIN stages s USING (experiment, stage)
            WHERE m.experiment = @experiment AND m.run = @run GROUP BY m.stage ORDER BY s.position
            """,
            new { experiment, run }).AsList();
        var ends = connection.Query<(string Stage, string Started, double Seconds)>(
                "SELECT stage, started, wall_seconds FROM attempts WHERE experiment = @experiment ORDER BY stage, attempt", new { experiment })
            .GroupBy(attempt => attempt.Stage).ToDictionary(stage => stage.Key, stage => End(stage.Last().Started, stage.Last().Seconds));
        using var file = new EventFile(path, stages.Select(stage => ends.GetValueOrDefault(stage.Stage)).DefaultIfEmpty(0).Max());
        var count = 0L;
        foreach (var (stage, role) in stages)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var point in Points(stage))
            {
                file.Scalar($"{role}/{point.Name}", point.Step, point.Value, point.Wall);
                count++;
            }
        }

        return count + WriteMeasurements(file, run, ends);
    }

    private long WriteMeasurements(EventFile file, string run, Dictionary<string, double> ends)
    {
        var rows = connection.Query<MeasurementRow>(
            """
            SELECT role AS Role, stage AS Stage, metric AS Metric, value AS Value,
              'samples ' || samples || ', steps ' || steps || ', guidance ' || guidance || ', labels ' || labels || ', extractor ' || extractor
                || ', preprocessing ' || preprocessing || ', reference ' || reference || ', device ' || coalesce(device, '') || ', noise ' || coalesce(noise, '')
                || ', setting ' || coalesce(setting, '') AS Identity
            FROM evaluations WHERE experiment = @experiment AND run = @run ORDER BY role, metric, Identity, stage
            """,
            new { experiment, run }).AsList();
        foreach (var same in rows.GroupBy(row => (row.Role, row.Metric)))
        {
            var several = same.Count() > 1;
            foreach (var row in same)
            {
                // Values of different identity must not be on one curve, so their tags differ.
                var tag = $"{row.Role}/{row.Metric}" + (several ? "/" + Short($"{row.Stage} {row.Identity}") : "");
                file.Scalar(tag, 0, row.Value, ends.GetValueOrDefault(row.Stage), row.Identity);
            }
        }

        return rows.Count;
    }

    private IEnumerable<PointRow> Points(string stage) => connection.Query<PointRow>(
        "SELECT metric AS Name, step AS Step, value AS Value, wall AS Wall FROM metrics WHERE experiment = @experiment AND stage = @stage "
            + "ORDER BY name, step",
        new { experiment, stage },
        buffered: false);

    private static double End(string started, double seconds) => seconds + (DateTimeOffset.Parse(
        started, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - DateTimeOffset.UnixEpoch).TotalSeconds;

    private static string Short(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];

    private sealed record RunRow(string Run, string Arm, long Seed);

    // Properties instead of a constructor: SQLite has no type for a computed column, and Dapper chooses a constructor by types.
    private sealed record PointRow
    {
        public required string Name { get; init; }

        public long Step { get; init; }

        public double? Value { get; init; }

        public double Wall { get; init; }
    }

    private sealed record MeasurementRow
    {
        public required string Role { get; init; }

        public required string Stage { get; init; }

        public required string Metric { get; init; }

        public double? Value { get; init; }

        public required string Identity { get; init; }
    }
}

/// <summary>
/// Names the folders of runs. The name of an arm is data: a name that is a path, a hidden file or a device on some system becomes a plain
/// name. Two runs never have the same name, not even on a file system that ignores case.
/// </summary>
internal sealed partial class RunFolderNames
{
    private const int MostOfArm = 80;
    private const int Digits = 12;
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="arm">The name of the arm.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="run">The id of the run. A name that had to change or is taken ends with its first digits, or with all of them.</param>
    public string Of(string arm, long seed, string run)
    {
        var plain = Unsafe().Replace(arm, "_");
        plain = plain.Length > MostOfArm ? plain[..MostOfArm] : plain;
        if (plain.Length == 0 || plain[0] == '.' || ArtifactName.Fault(plain) is not null)
        {
            plain = "_" + plain;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{plain}-seed{seed}");
        string[] candidates = [name, $"{name}-{run[..Math.Min(Digits, run.Length)]}", $"{name}-{run}"];
        return candidates.Skip(plain == arm ? 0 : 1).FirstOrDefault(_taken.Add)
            ?? throw new InvalidOperationException($"the run {run} is there twice");
    }

    [GeneratedRegex("[^A-Za-z0-9._=-]")]
    private static partial Regex Unsafe();
}
