using System.Text;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>Columns of plain text, as wide as they must be: for people, pipes and files alike.</summary>
public sealed class TextTable(params string[] headers)
{
    // Every cell is as wide as the widest of its column. What is longer is for --csv and --json.
    private const int LongestCell = 10_000;

    // Less of a cell says nothing.
    private const int LeastCell = 8;

    private const string Gap = "  ";

    private readonly string[] headers = [.. headers.Select(OneLine)];
    private readonly List<string[]> rows = [];

    public TextTable Add(params string[] cells)
    {
        if (cells.Length != headers.Length)
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        rows.Add([.. cells.Select(OneLine)]);
        return this;
    }

    public TextTable Add(IEnumerable<string[]> more)
    {
        foreach (var row in more)
            Add(row);
        return this;
    }

    public override string ToString() => Write([.. Enumerable.Range(0, headers.Length)]);

    /// <summary>In parts below each other where a line would be longer than that; each repeats the first columns.</summary>
    /// <param name="keys">How many of the first columns say what a row is about.</param>
    public string Folded(int keys, int width)
    {
        var repeated = Enumerable.Range(0, keys).ToArray();
        var parts = new List<List<int>> { new(repeated) };
        for (var column = keys; column < headers.Length; column++)
        {
            // A part has one column of its own, however wide.
            if (parts[^1].Count > keys && parts[^1].Append(column).Sum(one => Width(one) + Gap.Length) - Gap.Length > width)
                parts.Add([.. repeated]);
            parts[^1].Add(column);
        }

        return string.Join(Environment.NewLine, parts.Select(Write));
    }

    /// <summary>The table with cells cut, the widest first, so that lines fit into a width. Cells keep at least eight characters.</summary>
    public string Cut(int width, out bool cut)
    {
        var columns = Enumerable.Range(0, headers.Length).ToArray();
        var widths = columns.Select(Width).ToArray();
        var most = widths.Max();
        while (most > LeastCell && columns.Sum(column => Math.Min(widths[column], most) + Gap.Length) - Gap.Length > width)
            most--;
        cut = widths.Any(one => one > most);
        var table = new TextTable([.. headers.Select(cell => Shortened(cell, most))]);
        foreach (var row in rows)
            table.rows.Add([.. row.Select(cell => Shortened(cell, most))]);
        return table.ToString();
    }

    private static string Shortened(string cell, int most)
    {
        if (cell.Length <= most)
            return cell;
        // Not between the two halves of one character.
        var end = char.IsHighSurrogate(cell[most - 2]) ? most - 2 : most - 1;
        return cell[..end] + "…";
    }

    private int Width(int column) => rows.Select(row => row[column].Length).Append(headers[column].Length).Max();

    private string Write(IReadOnlyList<int> columns)
    {
        var widths = columns.Select(Width).ToArray();
        var text = new StringBuilder();
        void Add(IEnumerable<string> cells) => text.AppendLine(string.Join(Gap, cells.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
        Add(columns.Select(column => headers[column]));
        Add(widths.Select(width => new string('-', width)));
        foreach (var row in rows)
            Add(columns.Select(column => row[column]));
        return text.ToString();
    }

    // A control character in stored text must not reach a terminal, and a line break would break the columns.
    private static string OneLine(string cell) => cell.Length <= LongestCell && !cell.Any(PrintableText.IsHidden)
        ? cell
        : PrintableText.Of(string.Concat(cell.Take(LongestCell + 1).Select(character => char.IsControl(character) ? ' ' : character))
            + cell[Math.Min(cell.Length, LongestCell + 1)..], LongestCell);
}
