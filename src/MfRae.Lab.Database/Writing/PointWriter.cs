using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Writing;

/// <summary>Collects points of one attempt's curves and writes them together.</summary>
internal sealed class PointWriter(Writer writer, long attempt)
{
    private readonly List<PointRow> _points = [];
    private readonly List<(long Step, long Wall)> _ticks = [];
    private Dictionary<string, long>? _series;

    /// <param name="step">The step.</param>
    /// <param name="wall">The time since the start of the attempt, in milliseconds.</param>
    /// <param name="values">The values by name; null for a value that is not finite.</param>
    public void Add(long step, long wall, IReadOnlyDictionary<string, double?> values)
    {
        _ticks.Add((step, wall));
        foreach (var (name, value) in values)
        {
            _points.Add(new(Series(name), step, value is { } number && double.IsFinite(number) ? number : null));
        }
    }

    /// <summary>
    /// Writes the points. The last value of a series and step is valid. The points of a curve are adjacent in the file, so they are written
    /// curve by curve: pages are then full, and each page is touched once.
    /// </summary>
    public void Write()
    {
        Insert(
            "INSERT INTO point (series, step, value) VALUES (@a, @b, @c) ON CONFLICT (series, step) DO UPDATE SET value = excluded.value",
            _points.OrderBy(point => point.Series).ThenBy(point => point.Step),
            (point, row) =>
            {
                row[0].Value = point.Series;
                row[1].Value = point.Step;
                row[2].Value = point.Value is { } value ? value : DBNull.Value;
            });
        Insert(
            "INSERT INTO tick (attempt, step, wall) VALUES (@a, @b, @c) ON CONFLICT (attempt, step) DO UPDATE SET wall = excluded.wall",
            _ticks.OrderBy(tick => tick.Step),
            (tick, row) =>
            {
                row[0].Value = attempt;
                row[1].Value = tick.Step;
                row[2].Value = tick.Wall;
            });
        _points.Clear();
        _ticks.Clear();
    }

    /// <summary>Prepares the statement once, because preparing costs more than running it.</summary>
    private void Insert<T>(string sql, IEnumerable<T> rows, Action<T, SqliteParameter[]> fill)
    {
        using var command = writer.Connection.CreateCommand();
        command.Transaction = writer.Transaction;
        command.CommandText = sql;
        SqliteParameter[] row = [new() { ParameterName = "@a" }, new() { ParameterName = "@b" }, new() { ParameterName = "@c" }];
        command.Parameters.AddRange(row);
        foreach (var one in rows)
        {
            fill(one, row);
            command.ExecuteNonQuery();
        }
    }

    private long Series(string name)
    {
        _series ??= writer.Query<SeriesRow>("SELECT name, id FROM series WHERE attempt = @attempt", new { attempt })
            .ToDictionary(row => row.Name, row => row.Id);
        if (!_series.TryGetValue(name, out var id))
        {
            _series[name] = id = writer.Scalar<long>(
                "INSERT INTO series (attempt, name) VALUES (@attempt, @name) RETURNING id", new { attempt, name });
        }

        return id;
    }

    private sealed record SeriesRow(string Name, long Id);
}

/// <summary>A value of a curve that is not written yet.</summary>
internal readonly record struct PointRow(long Series, long Step, double? Value);
