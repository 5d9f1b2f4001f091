using System.Text;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>Columns of plain text, as wide as they must be: for people, pipes and files alike.</summary>
public sealed class TextTable(params string[] headers)
{
    // Every cell is as wide as the widest of its column. What is longer is for --csv and --json.
    private const int LongestCell = 10_000;

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

    public override string ToString()
    {
        var widths = headers.Select((header, column) => rows.Select(row => row[column].Length).Append(header.Length).Max()).ToArray();
        var text = new StringBuilder();
        Line(text, headers, widths);
        Line(text, widths.Select(width => new string('-', width)).ToArray(), widths);
        foreach (var row in rows)
            Line(text, row, widths);
        return text.ToString();
    }

    private static void Line(StringBuilder text, string[] cells, int[] widths) => text
        .AppendLine(string.Join("  ", cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());

    // A control character in stored text must not reach a terminal, and a line break would break the columns.
    private static string OneLine(string cell) => cell.Length <= LongestCell && !cell.Any(PrintableText.IsHidden)
        ? cell
        : PrintableText.Of(string.Concat(cell.Take(LongestCell + 1).Select(character => char.IsControl(character) ? ' ' : character))
            + cell[Math.Min(cell.Length, LongestCell + 1)..], LongestCell);
}
