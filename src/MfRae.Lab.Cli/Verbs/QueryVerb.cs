using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Answers SQL that only reads.</summary>
public sealed class QueryVerb(Terminal terminal, LabPaths places)
{
    private const int LongestMessage = 4_000;

    public int Execute(string sql, QueryFormat format, int limit)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        QueryResult result;
        try
        {
            result = new RunQueries(database).Query(sql, limit);
        }
        catch (LabException error)
        {
            // The database is open: what is wrong now is the query.
            terminal.Error.WriteLine(PrintableText.Shortened(error.Message, LongestMessage));
            return ExitCode.Usage;
        }

        switch (format)
        {
            case QueryFormat.Csv:
                QueryOutput.Csv(result, terminal.Out);
                break;
            case QueryFormat.Json:
                QueryOutput.Json(result, terminal.Out);
                break;
            default:
                if (QueryOutput.Table(result, terminal.Out, terminal.Width))
                    terminal.Error.WriteLine("cells are cut to the width of the terminal; --csv, --json and a pipe show them whole");
                break;
        }

        if (result.Truncated)
            terminal.Error.WriteLine($"only the first {limit} rows are shown; --limit N shows more");
        return ExitCode.Ok;
    }
}

public enum QueryFormat
{
    Table,
    Csv,
    Json,
}

/// <summary>The answer to a query as a table, as CSV or as JSON.</summary>
public static class QueryOutput
{
    /// <param name="width">Characters of a line; cells of wider tables are cut. Null: nothing is cut.</param>
    /// <returns>Whether anything was cut.</returns>
    public static bool Table(QueryResult result, TextWriter writer, int? width = null)
    {
        var table = new TextTable([.. result.Columns]).Add(result.Rows.Select(row => row.Select(CellText.Of).ToArray()));
        var cut = false;
        writer.Write(width is { } most ? table.Cut(most, out cut) : table.ToString());
        return cut;
    }

    public static void Csv(QueryResult result, TextWriter writer) => CsvRowWriter.WriteTable(writer, result.Columns, result.Rows);

    /// <summary>An array of objects, one a row; blobs in base 64.</summary>
    public static void Json(QueryResult result, TextWriter writer) => writer.WriteLine(JsonText.Write(json =>
    {
        json.WriteStartArray();
        foreach (var row in result.Rows)
        {
            json.WriteStartObject();
            for (var column = 0; column < result.Columns.Count; column++)
                Value(json, result.Columns[column], row[column]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));

    private static void Value(Utf8JsonWriter json, string name, object? cell)
    {
        switch (cell)
        {
            case null:
                json.WriteNull(name);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            case byte[] blob:
                json.WriteBase64String(name, blob);
                break;
            default:
                json.WriteString(name, CellText.Of(cell));
                break;
        }
    }
}
