using Parquet;
using Parquet.Schema;

namespace MfRae.Lab.Database.Export;

/// <summary>Writes rows to one file and keeps only a part of them in memory.</summary>
internal interface IRowWriter : IDisposable
{
    /// <summary>Writes one row.</summary>
    /// <param name="row">A cell for each column; the writer does not keep the list.</param>
    void Write(IReadOnlyList<object?> row);

    /// <summary>Completes the file after the last row. Without this call the file is incomplete.</summary>
    void Finish();
}

/// <summary>
/// Writes a Parquet file in row groups and keeps one group in memory. All columns are nullable; integers have 64 bits, reals are
/// doubles, strings are UTF-8.
/// </summary>
internal sealed class ParquetRowWriter : IRowWriter
{
    public const int RowsPerGroup = 100_000;

    // Images and definitions are long: a group with this many bytes ends early.
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
        _columns = columns;
        _fields = [.. columns.Select(column => new DataField(column.Name, ClrType(column.Type), isNullable: true))];
        _cells = [.. columns.Select(_ => new List<object?>())];
        _file = new(path, FileMode.CreateNew, FileAccess.ReadWrite);
        _writer = ParquetWriter.CreateAsync(new ParquetSchema(_fields), _file).GetAwaiter().GetResult();
    }

    public void Write(IReadOnlyList<object?> row)
    {
        for (var i = 0; i < row.Count; i++)
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
