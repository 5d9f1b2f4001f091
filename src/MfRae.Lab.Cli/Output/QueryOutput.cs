using System.Text.Json;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Output;

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

    public static void Csv(QueryResult result, TextWriter writer)
    {
        writer.WriteLine(string.Join(',', result.Columns.Select(CellText.Csv)));
        foreach (var row in result.Rows)
            writer.WriteLine(string.Join(',', row.Select(CellText.Csv)));
    }

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
