using System.Globalization;
using System.Text;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// RFC 4180 in UTF-8, lines ended by CR LF. Doubles have the digits that give the same double again. Null is an empty field, an
/// empty text is "". Blobs are base 64.
/// </summary>
internal sealed class CsvRowWriter : IRowWriter
{
    private readonly StreamWriter writer;

    public CsvRowWriter(string path, IReadOnlyList<ViewColumn> columns)
    {
        writer = new(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16) { NewLine = "\r\n" };
        Write([.. columns.Select(column => column.Name)]);
        FormulaCells = 0;
    }

    /// <summary>
    /// Texts that a spreadsheet would take for a formula. They are written as they are, since any mark before them would be another
    /// text; who opens the file in a spreadsheet should know of them.
    /// </summary>
    public int FormulaCells { get; private set; }

    public void Write(object?[] row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            if (i > 0)
            {
                writer.Write(',');
            }

            WriteCell(row[i]);
        }

        writer.WriteLine();
    }

    public void Finish() => writer.Flush();

    public void Dispose() => writer.Dispose();

    private void WriteCell(object? cell)
    {
        switch (cell)
        {
            case null:
                break;
            case double number:
                writer.Write(number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case long number:
                writer.Write(number.ToString(CultureInfo.InvariantCulture));
                break;
            case byte[] blob:
                writer.Write(Convert.ToBase64String(blob));
                break;
            case string text:
                WriteText(text);
                break;
            default:
                throw new InvalidOperationException($"no cell is a {cell.GetType()}");
        }
    }

    private void WriteText(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
        {
            FormulaCells++;
        }

        if (text.Length == 0 || text.AsSpan().IndexOfAny(",\"\r\n") >= 0)
        {
            writer.Write('"');
            writer.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
            writer.Write('"');
        }
        else
        {
            writer.Write(text);
        }
    }
}
