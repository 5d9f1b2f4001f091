using System.Globalization;
using System.Text;
using MfRae.Lab.Core;

namespace MfRae.Lab.Cli.Output;

/// <summary>A table in plain text whose columns are as wide as their longest cell.</summary>
public sealed class TextTable(params string[] headers)
{
    // All cells of a column are padded to the longest cell, so very long cells are cut; --csv and --json print the full values.
    private const int LongestCell = 10_000;

    // Shorter cells would be meaningless.
    private const int LeastCell = 8;

    private const string Gap = "  ";

    private readonly string[] _headers = [.. headers.Select(OneLine)];
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row with one cell for each column.</summary>
    public TextTable Add(params string[] cells)
    {
        if (cells.Length != _headers.Length)
            throw new ArgumentException($"{cells.Length} cells for {_headers.Length} columns", nameof(cells));
        _rows.Add([.. cells.Select(OneLine)]);
        return this;
    }

    /// <summary>Adds rows.</summary>
    public TextTable Add(IEnumerable<string[]> more)
    {
        foreach (var row in more)
            Add(row);
        return this;
    }

    /// <summary>The table with its header, one line for each row.</summary>
    public override string ToString() => Write([.. Enumerable.Range(0, _headers.Length)]);

    /// <summary>The table, split into parts with fewer columns if its lines are longer than a width. Each part repeats the first columns.</summary>
    /// <param name="keys">The number of columns that every part repeats.</param>
    /// <param name="width">The maximum length of a line.</param>
    public string Folded(int keys, int width)
    {
        var repeated = Enumerable.Range(0, keys).ToArray();
        var parts = new List<List<int>> { new(repeated) };
        for (var column = keys; column < _headers.Length; column++)
        {
            // Every part has at least one further column, however wide it is.
            if (parts[^1].Count > keys && parts[^1].Append(column).Sum(one => Width(one) + Gap.Length) - Gap.Length > width)
                parts.Add([.. repeated]);
            parts[^1].Add(column);
        }

        return string.Join(Environment.NewLine, parts.Select(Write));
    }

    /// <summary>The table with the longest cells cut so that its lines fit a width. Cells keep at least eight characters.</summary>
    /// <param name="width">The maximum length of a line.</param>
    /// <param name="cut">Whether a cell was cut.</param>
    public string Cut(int width, out bool cut)
    {
        var columns = Enumerable.Range(0, _headers.Length).ToArray();
        var widths = columns.Select(Width).ToArray();
        var most = widths.Max();
        while (most > LeastCell && columns.Sum(column => Math.Min(widths[column], most) + Gap.Length) - Gap.Length > width)
            most--;
        cut = widths.Any(one => one > most);
        var table = new TextTable([.. _headers.Select(cell => Shortened(cell, most))]);
        foreach (var row in _rows)
            table._rows.Add([.. row.Select(cell => Shortened(cell, most))]);
        return table.ToString();
    }

    private static string Shortened(string cell, int most)
    {
        if (cell.Length <= most)
            return cell;
        // A surrogate pair is not split.
        var end = char.IsHighSurrogate(cell[most - 2]) ? most - 2 : most - 1;
        return cell[..end] + "…";
    }

    private int Width(int column) => _rows.Select(row => row[column].Length).Append(_headers[column].Length).Max();

    private string Write(IReadOnlyList<int> columns)
    {
        var widths = columns.Select(Width).ToArray();
        var text = new StringBuilder();
        void Add(IEnumerable<string> cells) => text.AppendLine(string.Join(Gap, cells.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
        Add(columns.Select(column => _headers[column]));
        Add(widths.Select(width => new string('-', width)));
        foreach (var row in _rows)
            Add(columns.Select(column => row[column]));
        return text.ToString();
    }

    // A control character in stored text must not reach a terminal, and a line break would break the columns.
    private static string OneLine(string cell) => cell.Length <= LongestCell && !cell.Any(PrintableText.IsHidden)
        ? cell
        : PrintableText.Of(string.Concat(cell.Take(LongestCell + 1).Select(character => char.IsControl(character) ? ' ' : character))
            + cell[Math.Min(cell.Length, LongestCell + 1)..], LongestCell);
}

/// <summary>Formats a value from the database.</summary>
public static class CellText
{
    /// <summary>The value as text; empty for null, and the number of bytes for a blob.</summary>
    public static string Of(object? cell) => cell switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] blob => string.Create(CultureInfo.InvariantCulture, $"<{blob.Length} bytes>"),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };
}

/// <summary>Formats large quantities with at most four significant digits.</summary>
internal static class Quantity
{
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Millions(double value) =>
        (value / 1e6).ToString(value >= 1e8 ? "0" : value >= 1e7 ? "0.0" : "0.000", CultureInfo.InvariantCulture) + "M";

    public static string Giga(double value) => Digits(value / 1e9);

    public static string Tera(double value) => Digits(value / 1e12);

    public static string Bytes(double value)
    {
        var (unit, name) = value switch
        {
            >= 1e12 => (1e12, "TB"),
            >= 1e9 => (1e9, "GB"),
            >= 1e6 => (1e6, "MB"),
            _ => (1e3, "kB"),
        };
        return $"{Digits(value / unit)} {name}";
    }

    private static string Digits(double value) => value.ToString(
        Math.Abs(value) switch
        {
            0 => "0",
            >= 1000 => "N0",
            >= 100 => "0.0",
            >= 10 => "0.00",
            >= 0.01 => "0.000",
            _ => "0.0e0",
        },
        CultureInfo.InvariantCulture);
}
