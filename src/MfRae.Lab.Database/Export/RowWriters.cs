using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Schema;

namespace MfRae.Lab.Database.Export;

/// <summary>Writes the rows of one view to one file, holding no more than a part of them.</summary>
internal interface IRowWriter : IDisposable
{
    void Write(object?[] row);

    /// <summary>After the last row. Without it the file is not whole.</summary>
    void Finish();
}

/// <summary>
/// RFC 4180 in UTF-8, lines ended by CR LF. Doubles have the digits that give the same double again. Null is an empty field, an
/// empty text is "". Blobs are base 64.
/// </summary>
internal sealed class CsvRowWriter : IRowWriter
{
    private readonly StreamWriter _writer;

    public CsvRowWriter(string path, IReadOnlyList<ViewColumn> columns)
    {
        _writer = new(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16) { NewLine = "\r\n" };
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
                _writer.Write(',');
            }

            WriteCell(row[i]);
        }

        _writer.WriteLine();
    }

    public void Finish() => _writer.Flush();

    public void Dispose() => _writer.Dispose();

    private void WriteCell(object? cell)
    {
        switch (cell)
        {
            case null:
                break;
            case double number:
                _writer.Write(number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case long number:
                _writer.Write(number.ToString(CultureInfo.InvariantCulture));
                break;
            case byte[] blob:
                _writer.Write(Convert.ToBase64String(blob));
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
            _writer.Write('"');
            _writer.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
            _writer.Write('"');
        }
        else
        {
            _writer.Write(text);
        }
    }
}

/// <summary>
/// Parquet in row groups: what is held in memory is one group, not the file. All columns may be null; integers are 64 bits wide,
/// reals are doubles, texts are UTF-8.
/// </summary>
internal sealed class ParquetRowWriter : IRowWriter
{
    public const int RowsPerGroup = 100_000;

    // Pictures and definitions are long: a group ends early where it would hold too many bytes.
    private const long BytesPerGroup = 64L << 20;

    private readonly FileStream _file;
    private readonly ParquetWriter _writer;
    private readonly IReadOnlyList<ViewColumn> _columns;
    private readonly DataField[] _fields;
    private readonly List<object?>[] _cells;
    private long _bytes;
    private bool _ended;

    public ParquetRowWriter(string path, IReadOnlyList<ViewColumn> columns)
    {
        this._columns = columns;
        _fields = [.. columns.Select(column => new DataField(column.Name, ClrType(column.Type), isNullable: true))];
        _cells = [.. columns.Select(_ => new List<object?>())];
        _file = new(path, FileMode.CreateNew, FileAccess.ReadWrite);
        _writer = ParquetWriter.CreateAsync(new ParquetSchema(_fields), _file).GetAwaiter().GetResult();
    }

    public void Write(object?[] row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            _cells[i].Add(row[i]);
            _bytes += row[i] switch { string text => text.Length, byte[] blob => blob.Length, _ => 8 };
        }

        if (_cells[0].Count == RowsPerGroup || _bytes > BytesPerGroup)
        {
            WriteGroup();
        }
    }

    /// <summary>Writes the last group and the footer.</summary>
    public void Finish()
    {
        if (_cells[0].Count > 0)
        {
            WriteGroup();
        }

        End();
    }

    public void Dispose()
    {
        End();
        _file.Dispose();
    }

    private void End()
    {
        if (!_ended)
        {
            _ended = true;
            _writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private void WriteGroup()
    {
        using var group = _writer.CreateRowGroup();
        for (var i = 0; i < _fields.Length; i++)
        {
            WriteColumn(group, _fields[i], _columns[i].Type, _cells[i]).GetAwaiter().GetResult();
            _cells[i].Clear();
        }

        group.CompleteValidate();
        _bytes = 0;
    }

    private static async Task WriteColumn(ParquetRowGroupWriter group, DataField field, CellType type, List<object?> cells)
    {
        switch (type)
        {
            case CellType.Integer:
                await group.WriteAsync<long>(field, cells.ConvertAll(cell => (long?)cell).ToArray()).ConfigureAwait(false);
                break;
            case CellType.Real:
                await group.WriteAsync<double>(field, cells.ConvertAll(cell => (double?)cell).ToArray()).ConfigureAwait(false);
                break;
            case CellType.Text:
                await group.WriteAsync(field, cells.ConvertAll(cell => (string)cell!)).ConfigureAwait(false);
                break;
            default:
                await group.WriteAsync(field, cells.ConvertAll(cell => (byte[])cell!)).ConfigureAwait(false);
                break;
        }
    }

    private static Type ClrType(CellType type) => type switch
    {
        CellType.Integer => typeof(long),
        CellType.Real => typeof(double),
        CellType.Text => typeof(string),
        _ => typeof(byte[]),
    };
}
