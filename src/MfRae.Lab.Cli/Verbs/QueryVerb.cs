using System.CommandLine;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`query`: runs a read-only SQL query.</summary>
internal static class QueryVerb
{
    private const int LongestMessage = 4_000;
    private const int DefaultLimit = 1_000;

    public static Command Create(LabContext lab)
    {
        var sql = new Argument<string>("SQL") { Description = "For example: select arm, metric, mean, sd, n from arms" };
        var json = CommonOptions.Json("Print the rows as JSON objects");
        var csv = new Option<bool>("--csv") { Description = "Print the rows as CSV" };
        var limit = CommonOptions.Number("--limit", "Maximum number of rows", 1, DefaultLimit);
        var command = new Verb("query", "Query the database with read-only SQL", "\"select arm, metric, mean, sd, n from arms\" --csv")
        {
            sql, json, csv, limit,
        };
        command.Exclude(json, csv);
        command.SetAction(parsed => Execute(
            lab.For(parsed),
            parsed.GetRequiredValue(sql),
            parsed.GetValue(json) ? QueryFormat.Json : parsed.GetValue(csv) ? QueryFormat.Csv : QueryFormat.Table,
            parsed.GetNumber(limit)));
        return command;
    }

    private static int Execute(LabContext lab, string sql, QueryFormat format, int limit)
    {
        var terminal = lab.Terminal;
        using var database = lab.OpenDatabase();
        QueryResult result;
        try
        {
            result = new RunQueries(database).Query(sql, limit);
        }
        catch (LabException error)
        {
            // The database could be opened, so the query is wrong.
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
                    terminal.Error.WriteLine("long cells are cut to fit the terminal; use --csv, --json or a pipe for the full values");
                break;
        }

        if (result.Truncated)
            terminal.Error.WriteLine($"output limited to the first {limit} rows; use --limit N for more");
        return ExitCode.Ok;
    }
}

/// <summary>The format of a query's result.</summary>
internal enum QueryFormat
{
    /// <summary>An aligned table.</summary>
    Table,

    /// <summary>Comma-separated values.</summary>
    Csv,

    /// <summary>An array of JSON objects.</summary>
    Json,
}

/// <summary>Writes the result of a query as a table, CSV or JSON.</summary>
public static class QueryOutput
{
    /// <summary>Writes a table.</summary>
    /// <param name="width">Characters of a line; cells of wider tables are cut. Null: no cell is cut.</param>
    /// <returns>Whether a cell was cut.</returns>
    public static bool Table(QueryResult result, TextWriter writer, int? width = null)
    {
        var table = new TextTable([.. result.Columns]).Add(result.Rows.Select(row => row.Select(CellText.Of).ToArray()));
        var cut = false;
        writer.Write(width is { } most ? table.Cut(most, out cut) : table.ToString());
        return cut;
    }

    /// <summary>Writes a header and one line for each row (docs/exchange.md).</summary>
    public static void Csv(QueryResult result, TextWriter writer) => CsvRowWriter.WriteTable(writer, result.Columns, result.Rows);

    /// <summary>Writes an array with an object for each row; blobs in base 64.</summary>
    public static void Json(QueryResult result, TextWriter writer) => writer.WriteLine(JsonText.Write(json =>
    {
        // The query decides the properties, and two columns may have the same name.
        json.WriteStartArray();
        foreach (var row in result.Rows)
        {
            json.WriteStartObject();
            for (var column = 0; column < result.Columns.Count; column++)
            {
                json.WritePropertyName(result.Columns[column]);
                switch (row[column])
                {
                    case null:
                        json.WriteNullValue();
                        break;
                    case long number:
                        json.WriteNumberValue(number);
                        break;
                    case double number when double.IsFinite(number):
                        json.WriteNumberValue(number);
                        break;
                    case byte[] blob:
                        json.WriteBase64StringValue(blob);
                        break;
                    case var cell:
                        json.WriteStringValue(CellText.Of(cell));
                        break;
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));
}
