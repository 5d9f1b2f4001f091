using Parquet;
using Parquet.Schema;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>All rows of a Parquet file, as the database would give them.</summary>
internal static class ParquetFile
{
    public static async Task<(List<string> Columns, List<List<object?>> Rows)> Read(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        var fields = reader.Schema.GetDataFields();
        var rows = new List<List<object?>>();
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            var columns = new List<List<object?>>();
            foreach (var field in fields)
            {
                columns.Add(await Cells(group, field));
            }

            rows.AddRange(Enumerable.Range(0, (int)group.RowCount).Select(row => columns.Select(column => column[row]).ToList()));
        }

        return ([.. fields.Select(field => field.Name)], rows);
    }

    private static async Task<List<object?>> Cells(ParquetRowGroupReader group, DataField field)
    {
        var count = (int)group.RowCount;
        if (field.ClrType == typeof(long))
        {
            var cells = new long?[count];
            await group.ReadAsync<long>(field, cells.AsMemory());
            return [.. cells.Select(cell => (object?)cell)];
        }

        if (field.ClrType == typeof(double))
        {
            var cells = new double?[count];
            await group.ReadAsync<double>(field, cells.AsMemory());
            return [.. cells.Select(cell => (object?)cell)];
        }

        if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
        {
            var cells = new string?[count];
            await group.ReadAsync(field, cells.AsMemory());
            return [.. cells];
        }

        var blobs = new byte[]?[count];
        await group.ReadAsync(field, blobs.AsMemory());
        return [.. blobs];
    }
}
