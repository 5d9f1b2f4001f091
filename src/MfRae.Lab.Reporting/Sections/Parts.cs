using System.Buffers.Binary;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections;

/// <summary>A coloured word on a page.</summary>
/// <param name="Tone">The class of its colour: good, bad, doubt or plain.</param>
/// <param name="Word">The word.</param>
public sealed record Badge(string Tone, string Word)
{
    /// <summary>The badge of a verdict, with the verdict's own word or another text.</summary>
    internal static Badge Of(Verdict verdict, string? text = null) => new(
        verdict switch
        {
            Verdict.Better or Verdict.Equivalent => "good",
            Verdict.Worse or Verdict.NotComparable or Verdict.Diverged => "bad",
            Verdict.Underpowered or Verdict.Stopped => "doubt",
            _ => "plain",
        },
        text ?? ComparisonText.Word(verdict));

    /// <summary>The badge of a run's, stage's or attempt's status.</summary>
    internal static Badge OfStatus(string status) => new(
        status switch
        {
            "completed" => "good",
            _ when AttemptStatus.IsFailure(status) => "bad",
            "interrupted" or "skipped" or AttemptStatus.Stopped => "doubt",
            _ => "plain",
        },
        AttemptStatus.Word(status));

    /// <summary>Whether two experiments agree.</summary>
    internal static Badge OfEquality(bool same) => same ? new("good", "same") : new("doubt", "differs");
}

/// <summary>An entry of a legend.</summary>
/// <param name="Css">The class of the colour, and of everything that a script hides with the entry.</param>
internal sealed record LegendKey(string Css, string Name);

/// <summary>A table of measurements: metrics in rows, and in columns the property that distinguishes them, such as the number of steps.</summary>
internal sealed record MeasurementTable(IReadOnlyList<string> Columns, IReadOnlyList<MeasurementRow> Rows)
{
    /// <summary>Arranges measurements by the names of their rows and columns, in order of appearance.</summary>
    public static MeasurementTable Of(
        IReadOnlyList<Measurement> measurements, Func<Measurement, string> row, Func<Measurement, string> column)
    {
        string[] columns = [.. measurements.Select(column).Distinct()];
        return new(columns,
        [
            .. from same in measurements.GroupBy(row)
               select new MeasurementRow(same.Key, [.. columns.Select(name => MeasurementCell.Of(same.LastOrDefault(one => column(one) == name)))]),
        ]);
    }
}

/// <summary>One metric.</summary>
/// <param name="Cells">For each column its value; null for a missing measurement.</param>
internal sealed record MeasurementRow(string Name, IReadOnlyList<MeasurementCell?> Cells);

/// <summary>One value, with its number of samples and its interval as title.</summary>
internal sealed record MeasurementCell(string Text, string Title)
{
    /// <summary>The cell of a measurement; null for null.</summary>
    public static MeasurementCell? Of(Measurement? measurement) => measurement is null ? null : new(
        Numbers.Significant(measurement.Value),
        Numbers.Plural(measurement.Samples, "sample") + (measurement is { Low: { } low, High: { } high }
            ? $", 95 % interval {Numbers.Significant(low)} to {Numbers.Significant(high)}"
            : ""));
}

/// <summary>An image of a page: in the page itself, or a link to a file.</summary>
/// <param name="Source">The image as a data URI; empty for a link.</param>
/// <param name="Link">The file that the page links to; null if the page contains the image.</param>
/// <param name="Size">Width × height in pixels; null if the file is not a PNG.</param>
/// <param name="Width">The width at which the image is shown, in CSS pixels.</param>
/// <param name="Height">The height at which the image is shown, in CSS pixels.</param>
/// <param name="FullSize">The file with the image at full size; null for images that are not reduced.</param>
internal sealed record Picture(string Source, string? Link, string Alternative, string? Size, int Width, int Height, string? FullSize)
{
    /// <summary>A PNG file as a data URI.</summary>
    public static string DataUri(ImageRecord image) => $"data:image/png;base64,{Convert.ToBase64String(image.Png)}";

    /// <summary>Width and height from the first chunk of a PNG file; null for other files.</summary>
    public static (int Width, int Height)? SizeOf(byte[] png)
    {
        ReadOnlySpan<byte> bytes = png;
        return bytes.Length >= 24 && bytes.Slice(12, 4).SequenceEqual("IHDR"u8)
            ? (BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..]))
            : null;
    }
}
