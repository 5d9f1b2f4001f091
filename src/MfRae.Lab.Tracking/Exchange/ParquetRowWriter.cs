using Parquet;
using Parquet.Schema;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// Parquet in row groups: what is held in memory is one group, not the file. All columns may be null; integers are 64 bits wide,
/// reals are doubles, texts are UTF-8.
/// </summary>
internal sealed class ParquetRowWriter : IRowWriter
{
    public const int RowsPerGroup = 100_000;

    // Pictures and definitions are long: a group ends early where it would hold too many bytes.
    private const long BytesPerGroup = 64L << 20;

    private readonly FileStream file;
    private readonly ParquetWriter writer;
    private readonly IReadOnlyList<ViewColumn> columns;
    private readonly DataField[] fields;
    private readonly List<object?>[] cells;
    private long bytes;
    private bool ended;

    public ParquetRowWriter(string path, IReadOnlyList<ViewColumn> columns)
    {
        this.columns = columns;
        fields = [.. columns.Select(column => new DataField(column.Name, ClrType(column.Type), isNullable: true))];
        cells = [.. columns.Select(_ => new List<object?>())];
        file = new(path, FileMode.CreateNew, FileAccess.ReadWrite);
        writer = ParquetWriter.CreateAsync(new ParquetSchema(fields), file).GetAwaiter().GetResult();
    }

    public void Write(object?[] row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            cells[i].Add(row[i]);
            bytes += row[i] switch { string text => text.Length, byte[] blob => blob.Length, _ => 8 };
        }

        if (cells[0].Count == RowsPerGroup || bytes > BytesPerGroup)
        {
            WriteGroup();
        }
    }

    /// <summary>Writes the last group and the footer.</summary>
    public void Finish()
    {
        if (cells[0].Count > 0)
        {
            WriteGroup();
        }

        End();
    }

    public void Dispose()
    {
        End();
        file.Dispose();
    }

    private void End()
    {
        if (!ended)
        {
            ended = true;
            writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private void WriteGroup()
    {
        using var group = writer.CreateRowGroup();
        for (var i = 0; i < fields.Length; i++)
        {
            WriteColumn(group, fields[i], columns[i].Type, cells[i]).GetAwaiter().GetResult();
            cells[i].Clear();
        }

        group.CompleteValidate();
        bytes = 0;
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
