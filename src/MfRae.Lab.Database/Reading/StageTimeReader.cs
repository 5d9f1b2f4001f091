using Dapper;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Reading;

/// <summary>Reads how long stages took on a machine.</summary>
internal sealed class StageTimeReader(SqliteConnection connection)
{
    // Predictions use the latest attempts of each kind.
    private const int Most = 2000;

    /// <param name="processor">Model and number of logical processors.</param>
    /// <param name="threads">The number of threads of a worker.</param>
    /// <param name="device">The device of the run; with `auto`, the class of the device that the latest attempt used.</param>
    public StageTimes Read(string processor, int threads, string device)
    {
        var rows = Rows("n.processor = @processor AND a.threads = @threads", new { processor, threads, Most });
        var used = device == "auto" ? rows.Select(row => row.Device).FirstOrDefault("") : device;
        return Times(rows.Where(row => DeviceClass.Of(row.Device) == DeviceClass.Of(used)));
    }

    /// <summary>The times on all machines and devices.</summary>
    public StageTimes ReadAll() => Times(Rows("1", new { Most }));

    private List<Row> Rows(string condition, object parameters) =>
        [.. connection.Query<Row>(
            $"""
            SELECT s.definition, a.device, a.wall_seconds AS wall, a.cpu_seconds AS cpu
            FROM attempt a
            LEFT JOIN environment n ON n.id = a.environment
            JOIN stage s ON s.key = a.stage
            WHERE {condition} AND a.status = 'completed' AND a.resumed_from IS NULL
            ORDER BY a.started DESC
            LIMIT @Most
            """,
            parameters)];

    private static StageTimes Times(IEnumerable<Row> latestFirst)
    {
        var times = new StageTimes();
        foreach (var row in latestFirst.Reverse())
        {
            if (StageDefinition.Of(row.Definition) is { } definition)
            {
                times.Add(definition, new(row.Wall, row.Cpu));
            }
        }

        return times;
    }

    private sealed record Row(string Definition, string Device, double Wall, double Cpu);
}
