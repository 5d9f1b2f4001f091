using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads a series point by point.</summary>
internal static class SeriesPoints
{
    /// <param name="through">The last step that is wanted.</param>
    public static List<(long Step, double? Value)> Read(SqliteConnection connection, long series, long through = long.MaxValue)
    {
        // The command is part of the transaction that the connection is in.
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT step, value FROM point WHERE series = @series AND step <= @through ORDER BY step";
        command.Parameters.AddWithValue("@series", series);
        command.Parameters.AddWithValue("@through", through);
        using var reader = command.ExecuteReader();
        var points = new List<(long, double?)>();
        while (reader.Read())
        {
            points.Add((reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetDouble(1)));
        }

        return points;
    }
}
