using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Boards;

/// <summary>The runs of an experiment on the board.</summary>
/// <param name="Name">The name of the experiment, which is also the name of its page.</param>
/// <param name="Title">The heading of its report.</param>
/// <param name="Tags">The tags of the experiment, sorted.</param>
/// <param name="Arms">The arms.</param>
/// <param name="Runs">The runs, including those without a value.</param>
public sealed record BoardEntry(
    string Name, string Title, IReadOnlyList<string> Tags, IReadOnlyList<BoardArm> Arms, IReadOnlyList<BoardRun> Runs)
{
    /// <summary>The entry of an experiment. Metrics without a direction are left out: an oracle evaluation has dozens of them.</summary>
    /// <param name="record">The record of the experiment; an outline is sufficient.</param>
    /// <param name="tags">The tags of the experiment, in any order.</param>
    public static BoardEntry Of(ExperimentRecord record, IEnumerable<string>? tags = null)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var places = record.Arms.Index().ToDictionary(arm => arm.Item.Name, arm => arm.Index);
        return new(
            record.Name,
            record.Title ?? record.Name,
            [.. (tags ?? []).Order(StringComparer.Ordinal)],
            [.. record.Arms.Select(BoardArm.Of)],
            [.. from run in record.Runs
                where places.ContainsKey(run.Arm)
                select new BoardRun(
                    places[run.Arm],
                    run.Seed,
                    run.Status,
                    run.Pilot,
                    run.Stages.Values.Where(stages.ContainsKey).SelectMany(key => stages[key].Attempts).Select(attempt => (DateTimeOffset?)attempt.Started).Max(),
                    [.. from found in RunMeasurement.Of(run, stages)
                        let measurement = found.Value.Measurement
                        where measurement.HigherIsBetter is not null && measurement.Value is { } value && double.IsFinite(value)
                        select new BoardValue(
                            found.Key, MeasurementIdentity.Text(measurement), measurement.HigherIsBetter!.Value, measurement.Value!.Value)])]);
    }
}

/// <summary>An arm on the board.</summary>
/// <param name="Name">The name of the arm.</param>
/// <param name="Options">Dotted path → value of each option; lists are one value.</param>
public sealed record BoardArm(string Name, IReadOnlyDictionary<string, string> Options)
{
    internal static BoardArm Of(ArmRecord arm)
    {
        var options = new Dictionary<string, string>();
        Add("", StoredJson.Parse(arm.OptionsJson));
        return new(arm.Name, options);

        void Add(string path, JsonNode? node)
        {
            if (node is JsonObject entries)
            {
                foreach (var (name, value) in entries)
                {
                    Add(path.Length == 0 ? name : $"{path}.{name}", value);
                }
            }
            else if (path.Length > 0)
            {
                options[path] = StoredJson.Text(node) ?? node?.ToJsonString() ?? "null";
            }
        }
    }
}

/// <summary>A run on the board.</summary>
/// <param name="Arm">The index of its arm.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Status">The status of the run.</param>
/// <param name="Pilot">Whether its seed explores.</param>
/// <param name="Latest">The start of its latest attempt; null before the first attempt.</param>
/// <param name="Values">Its values.</param>
public sealed record BoardRun(int Arm, long Seed, string Status, bool Pilot, DateTimeOffset? Latest, IReadOnlyList<BoardValue> Values);

/// <summary>A value of a run.</summary>
/// <param name="Metric">The key of the metric, e.g. `fid@1`.</param>
/// <param name="Identity">How it was measured. Values of different identities are not comparable.</param>
/// <param name="HigherIsBetter">The direction of the metric.</param>
/// <param name="Value">A finite number.</param>
public sealed record BoardValue(string Metric, string Identity, bool HigherIsBetter, double Value);

/// <summary>The entries as the JSON that the script of the board reads. Names and values occur once, and are referred to by their index.</summary>
internal sealed class BoardJson(IReadOnlyList<BoardEntry> entries)
{
    // Longer values are texts and lists, which make no axis.
    private const int LongestValue = 60;

    private readonly Index _metrics = new();
    private readonly Index _identities = new();
    private readonly Index _values = new();

    public void Write(Utf8JsonWriter json)
    {
        var paths = Paths();
        json.WriteStartObject();
        json.WriteStartArray("experiments");
        foreach (var entry in entries)
        {
            json.WriteStartArray();
            json.WriteStringValue(entry.Name);
            json.WriteStringValue(entry.Title);
            json.WriteStringValue(string.Join(' ', entry.Tags));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        Write(json, "paths", paths);
        WriteArms(json, paths);
        WriteRuns(json);
        Write(json, "values", _values.Texts);
        Write(json, "metrics", _metrics.Texts);
        Write(json, "identities", _identities.Texts);
        json.WriteStartArray("higher");
        var better = entries.SelectMany(entry => entry.Runs).SelectMany(run => run.Values).GroupBy(value => value.Metric)
            .ToDictionary(metric => metric.Key, metric => metric.First().HigherIsBetter);
        foreach (var metric in _metrics.Texts)
        {
            json.WriteNumberValue(better[metric] ? 1 : 0);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The options that differ between any two arms of the board, also of different experiments.</summary>
    private List<string> Paths()
    {
        var arms = entries.SelectMany(entry => entry.Arms).ToArray();
        return
        [
            .. arms.SelectMany(arm => arm.Options).GroupBy(option => option.Key)
                .Where(path => path.Select(option => option.Value).Distinct().Skip(1).Any() || path.Count() < arms.Length)
                .Where(path => path.All(option => option.Value.Length <= LongestValue))
                .Select(path => path.Key).Order(StringComparer.Ordinal),
        ];
    }

    private void WriteArms(Utf8JsonWriter json, List<string> paths)
    {
        json.WriteStartArray("arms");
        foreach (var (place, entry) in entries.Index())
        {
            foreach (var arm in entry.Arms)
            {
                json.WriteStartArray();
                json.WriteNumberValue(place);
                json.WriteStringValue(arm.Name);
                foreach (var path in paths)
                {
                    json.WriteNumberValue(arm.Options.TryGetValue(path, out var value) ? _values.Of(value) : -1);
                }

                json.WriteEndArray();
            }
        }

        json.WriteEndArray();
    }

    private void WriteRuns(Utf8JsonWriter json)
    {
        json.WriteStartArray("runs");
        var first = 0;
        foreach (var entry in entries)
        {
            foreach (var run in entry.Runs)
            {
                json.WriteStartArray();
                json.WriteNumberValue(first + run.Arm);
                json.WriteNumberValue(run.Seed);
                json.WriteStringValue(run.Status);
                json.WriteNumberValue(run.Pilot ? 1 : 0);
                json.WriteStringValue(run.Latest?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "");
                foreach (var value in run.Values)
                {
                    json.WriteNumberValue(_metrics.Of(value.Metric));
                    json.WriteNumberValue(_identities.Of(value.Identity));
                    json.WriteRawValue(value.Value.ToString("G6", CultureInfo.InvariantCulture));
                }

                json.WriteEndArray();
            }

            first += entry.Arms.Count;
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private sealed class Index
    {
        private readonly OrderedDictionary<string, int> _places = [];

        public IEnumerable<string> Texts => _places.Keys;

        public int Of(string text)
        {
            if (!_places.TryGetValue(text, out var place))
            {
                _places[text] = place = _places.Count;
            }

            return place;
        }
    }
}
