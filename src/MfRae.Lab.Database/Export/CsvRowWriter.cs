using CsvHelper;

namespace MfRae.Lab.Database.Export;

/// <summary>
/// Writes a table as CSV (RFC 4180). <c>export</c>, <c>query --csv</c> and, in JavaScript, the copy button of a report follow the same
/// rules, which docs/exchange.md lists:
/// <list type="bullet">
/// <item>The first line names the columns. Lines end with CR LF. There is no byte order mark.</item>
/// <item>Null is an empty field; an empty string is <c>""</c>. In a table of one column, null is therefore an empty line.</item>
/// <item>Other strings are quoted only where they contain a comma, a quote, CR or LF.</item>
/// <item>Integers are decimal; reals have the shortest digits that give the same double again; blobs are base64.</item>
/// </list>
/// </summary>
public sealed class CsvRowWriter : IRowWriter
{
    private readonly TextWriter _destination;
    private readonly CsvWriter _csv;

    /// <summary>Starts a table by writing the names of its columns.</summary>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="leaveOpen">Whether <paramref name="destination"/> stays open when the writer is disposed.</param>
    public CsvRowWriter(TextWriter destination, IReadOnlyList<string> columns, bool leaveOpen = false)
    {
        _destination = destination;
        _csv = CsvWriter.Create(destination, CsvWriterOptions.Default, leaveOpen);
        Write(columns);
        FormulaCells = 0;
    }

    /// <summary>
    /// The number of strings that a spreadsheet would read as formulas. They are written unchanged, because an escape would be part of
    /// the string for every other reader.
    /// </summary>
    public int FormulaCells { get; private set; }

    /// <summary>Writes a whole table and leaves <paramref name="destination"/> open.</summary>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="rows">The rows, as <see cref="Write"/> takes them.</param>
    public static void WriteTable(TextWriter destination, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows)
    {
        using var writer = new CsvRowWriter(destination, columns, leaveOpen: true);
        foreach (var row in rows)
        {
            writer.Write(row);
        }

        writer.Finish();
    }

    /// <summary>Writes one row.</summary>
    /// <param name="row">A cell for each column: a long, a double, a string, a byte array or null.</param>
    /// <exception cref="InvalidOperationException">A cell has another type, or the number of cells is not that of the columns.</exception>
    public void Write(IReadOnlyList<object?> row)
    {
        if (row is [null])
        {
            // CsvHelper writes "" for a single empty field, which would be an empty string.
            _csv.Flush();
            _destination.Write("\r\n");
            return;
        }

        foreach (var cell in row)
        {
            WriteCell(cell);
        }

        _csv.EndRecord();
    }

    /// <inheritdoc/>
    public void Finish() => _csv.Flush();

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();

    private void WriteCell(object? cell)
    {
        switch (cell)
        {
            case null:
                _csv.WriteField((string?)null);
                break;
            case double number:
                _csv.WriteField(number);
                break;
            case long number:
                _csv.WriteField(number);
                break;
            case byte[] blob:
                _csv.WriteField(Convert.ToBase64String(blob), blob.Length == 0 ? CsvQuoting.Always : CsvQuoting.WhenNeeded);
                break;
            case string text:
                FormulaCells += text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? 1 : 0;
                _csv.WriteField(text, text.Length == 0 ? CsvQuoting.Always : CsvQuoting.WhenNeeded);
                break;
            default:
                throw new InvalidOperationException($"a cell cannot be a {cell.GetType()}");
        }
    }
}
