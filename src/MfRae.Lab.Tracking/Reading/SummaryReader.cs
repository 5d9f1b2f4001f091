using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads one line about each experiment.</summary>
internal sealed class SummaryReader(SqliteConnection connection)
{
    public IReadOnlyList<string> Names() => connection.Query<string>("SELECT experiment FROM experiments ORDER BY experiment").ToList();

    public IReadOnlyList<ExperimentSummary> Read()
    {
        var runs = connection.Query<RunRow>(
                """
                SELECT r.experiment, r.arm, r.seed, r.status
                FROM runs r
                JOIN status s ON s.name = r.status
                ORDER BY s.severity DESC
                """)
            .ToLookup(row => row.Experiment);
        var means = Means();
        return connection.Query<ExperimentRow>(
            "SELECT experiment, path, question, primary_metric AS primaryMetric FROM experiments ORDER BY experiment")
            .Select(row =>
            {
                var mine = runs[row.Experiment].ToList();
                var best = Best(means[row.Experiment].ToList());
                return new ExperimentSummary(
                    row.Experiment,
                    row.Path,
                    row.Question,
                    row.PrimaryMetric,
                    mine.DistinctBy(run => run.Arm).Count(),
                    mine.DistinctBy(run => run.Seed).Count(),
                    mine.GroupBy(run => run.Status).ToDictionary(group => group.Key, group => group.Count()),
                    best?.Arm,
                    best?.Mean);
            })
            .ToList();
    }

    /// <summary>The best of values that may be compared: all must have one identity.</summary>
    private static MeanRow? Best(IReadOnlyList<MeanRow> means)
    {
        if (means.Select(row => row.Identity).Distinct().Count() != 1 || means[0].HigherIsBetter is not { } higher)
        {
            return null;
        }

        return higher ? means.MaxBy(row => row.Mean) : means.MinBy(row => row.Mean);
    }

    private ILookup<string, MeanRow> Means()
    {
        using var reader = connection.ExecuteReader(
            """
            SELECT a.experiment, a.arm, a.mean, a.higher_is_better,
              json_array(a.samples, a.guidance, a.labels, a.extractor, a.preprocessing, a.reference, a.higher_is_better, a.device, a.noise,
                a.setting)
            FROM arms a
            JOIN experiments e ON e.experiment = a.experiment
            JOIN arm o ON o.experiment = e.plan AND o.name = a.arm
            WHERE a.metric = e.primary_metric AND a.mean IS NOT NULL
            ORDER BY a.experiment, o.position
            """);
        var rows = new List<MeanRow>();
        while (reader.Read())
        {
            rows.Add(new MeanRow(
                reader.GetString(0), reader.GetString(1), reader.GetDouble(2), reader.IsDBNull(3) ? null : reader.GetInt64(3) != 0,
                    reader.GetString(4)));
        }

        return rows.ToLookup(row => row.Experiment);
    }

    private sealed record ExperimentRow(string Experiment, string Path, string Question, string PrimaryMetric);

    private sealed record RunRow(string Experiment, string Arm, long Seed, string Status);

    private sealed record MeanRow(string Experiment, string Arm, double Mean, bool? HigherIsBetter, string Identity);
}
