using DuckDB.NET.Data;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>Reads exported tables with DuckDB.</summary>
internal static class DuckDb
{
    /// <summary>Reads a CSV file by the rules of docs/exchange.md; each cell is a string or null.</summary>
    public static (List<string> Columns, List<List<object?>> Rows) Csv(string path) => Query(
        $"select * from read_csv({Quote(path)}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        + "allow_quoted_nulls = false)");

    /// <summary>Reads a Parquet file; each cell is a long, a double, a string, a byte array or null.</summary>
    public static (List<string> Columns, List<List<object?>> Rows) Parquet(string path) => Query($"select * from read_parquet({Quote(path)})");

    /// <summary>The number of row groups in a Parquet file.</summary>
    public static long ParquetGroups(string path) =>
        (long)Query($"select count(distinct row_group_id) from parquet_metadata({Quote(path)})").Rows.Single().Single()!;

    /// <summary>Runs a statement; cells as in <see cref="Parquet"/>.</summary>
    public static (List<string> Columns, List<List<object?>> Rows) Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
        var rows = new List<List<object?>>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, columns.Count).Select(column => reader.IsDBNull(column) ? null : Cell(reader.GetValue(column)))]);
        }

        return (columns, rows);
    }

    private static object Cell(object value)
    {
        if (value is not Stream blob)
        {
            return value;
        }

        using var bytes = new MemoryStream();
        blob.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
