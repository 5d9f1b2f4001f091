using System.Buffers.Binary;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections;

/// <summary>Small pieces that several sections place.</summary>
internal static class Parts
{
    /// <summary>An arm's swatch and name, and whether it is the baseline.</summary>
    public static Html Arm(ArmView arm) => Html.Of(
        $"<span class=\"arm\"{Named(arm.Record)}>{Palette.Swatch(arm.Css)}{arm.Name}</span>{(arm.Record.Baseline ? BaselineNote : Html.Empty)}");

    // The key of an arm that has a title, for queries and for --only.
    private static Html Named(ArmRecord arm) => arm.Title is { } name ? Html.Of($" title=\"{name}\"") : Html.Empty;

    private static Html BaselineNote => Html.Of($" <span class=\"quiet\">baseline</span>");

    /// <summary>A coloured word; the class is one of a fixed set, the word may be anything.</summary>
    public static Html Badge(string tone, string word) => Html.Of($"<span class=\"badge {tone}\">{word}</span>");

    /// <summary>What tone a verdict is said in.</summary>
    public static string Tone(Verdict verdict) => verdict switch
    {
        Verdict.Better => "good",
        Verdict.Worse or Verdict.NotComparable or Verdict.Diverged => "bad",
        Verdict.Underpowered => "doubt",
        _ => "plain",
    };

    /// <summary>A status in the tone of how bad it is.</summary>
    public static Html Status(string status) => Badge(
        status switch
        {
            "completed" => "good",
            _ when AttemptStatus.IsFailure(status) => "bad",
            "interrupted" or "skipped" => "doubt",
            _ => "plain",
        },
        AttemptStatus.Word(status));

    /// <summary>The query behind a table, folded away, and the command that runs it.</summary>
    public static Html Sql(string query) => Html.Of(
        $"""
        <details class="sql"><summary>SQL</summary><pre><code>{query}</code></pre>
        <p class="quiet small">Run this query in a shell:</p>
        <pre class="command"><code>{ShellCommand.Query(query)}</code></pre></details>
        """);

    /// <summary>The start of a hash; hovering shows all of it.</summary>
    public static Html Hash(string hash) => hash.Length == 0
        ? Html.Text("–")
        : Html.Of($"<code title=\"{hash}\">{Numbers.Short(hash)}</code>");

    /// <summary>Metrics in rows, whatever else tells measurements apart in columns.</summary>
    public static Html Grid(IReadOnlyList<Measurement> measurements, Func<Measurement, string> row, Func<Measurement, string> column)
    {
        var columns = measurements.Select(column).Distinct().ToArray();
        var rows = measurements.GroupBy(row);
        return Html.Of(
            $"""
            <div class="scroll"><table><thead><tr><th></th>{columns.Select(name => Html.Of($"<th class=\"number\">{name}</th>"))}</tr></thead><tbody>
            {rows.Select(group => Html.Of($"<tr><th scope=\"row\">{group.Key}</th>{columns.Select(name => Cell(group.LastOrDefault(measurement => column(measurement) == name)))}</tr>\n"))}</tbody></table></div>
            """);
    }

    private static Html Cell(Measurement? measurement)
    {
        if (measurement is null)
        {
            return Html.Of($"<td class=\"number quiet\">–</td>");
        }

        var range = measurement is { Low: { } low, High: { } high }
            ? $", 95 % interval {Numbers.Significant(low)} to {Numbers.Significant(high)}"
            : "";
        return Html.Of(
            $"<td class=\"number\" title=\"{Numbers.Plural(measurement.Samples, "sample")}{range}\">{Numbers.Significant(measurement.Value)}</td>");
    }

    /// <summary>The attribute by which a page holds an image: a page that shows it has this text in it, and no other.</summary>
    public static Html Source(ImageRecord image) => Html.Of($"src=\"data:image/png;base64,{Convert.ToBase64String(image.Png)}\"");

    /// <summary>Width and height from the first chunk of a PNG file.</summary>
    public static (int Width, int Height)? Size(byte[] png)
    {
        ReadOnlySpan<byte> bytes = png;
        return bytes.Length >= 24 && bytes.Slice(12, 4).SequenceEqual("IHDR"u8)
            ? (BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..]))
            : null;
    }
}
