using System.Globalization;
using MfRae.Lab.Core.Records;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>The live table: a line for each running and each failed stage, and summaries of the finished and waiting stages.</summary>
public static class StageTable
{
    private const int WaitingShown = 5;

    /// <summary>The current table. It adapts to the width of the terminal when it is drawn.</summary>
    public static IRenderable Render(ProgressBoard board)
    {
        var lines = new StageLines();
        if (board.Reused > 0)
            lines.Add(Color.Grey, $"{board.Reused} stage{(board.Reused == 1 ? "" : "s")} reused");
        var computed = board.Done - board.Reused;
        if (computed > 0)
            lines.Add(Color.Green, $"{computed} stage{(computed == 1 ? "" : "s")} computed");
        if (board.Left is { } left)
            lines.Add(Color.Grey, $"about {StageText.Duration(left)} left");
        foreach (var stage in board.Stages.Where(IsWrong))
            lines.Add(Color.Red, stage.Node.Label, " " + stage.Status.Word());
        foreach (var stage in board.Running)
            lines.AddRunning(stage);
        var waiting = board.Stages.Where(stage => stage.Status is StageStatus.Planned or StageStatus.Queued).ToList();
        foreach (var stage in waiting.Take(WaitingShown))
            lines.Add(Color.Grey, stage.Node.Label, " " + stage.Status.Word());
        if (waiting.Count > WaitingShown)
            lines.Add(Color.Grey, $"{waiting.Count - WaitingShown} more waiting");
        return lines;
    }

    private static bool IsWrong(StageView stage) =>
        stage.Status.IsFailure() || stage.Status is StageStatus.Interrupted or StageStatus.Skipped or StageStatus.Stopped;
}

/// <summary>
/// The lines of the live table, at most as long as the terminal is wide. If the columns of running stages do not fit, the less important
/// columns are omitted, and then labels are shortened in the middle. Words and numbers are never broken.
/// </summary>
internal sealed class StageLines : Renderable
{
    private const string Gap = "  ";
    private const string Ellipsis = "…";

    // Shorter labels would be meaningless.
    private const int ShortestLabel = 20;

    // The columns of a running stage: label, state, steps, rate, loss, time left. The state, the same in all rows, is omitted first to
    // keep labels whole; further columns are omitted in this order if even short labels do not fit.
    private const int State = 1;
    private static readonly int[] LeftOut = [4, 3, 5];

    private readonly List<Line> _lines = [];

    /// <param name="label">Shortened if the line is too long.</param>
    /// <param name="rest">Follows the label, and is never shortened.</param>
    public void Add(Color colour, string label, string rest = "") => _lines.Add(new(colour, [label, rest], Running: false));

    public void AddRunning(StageView stage) => _lines.Add(new(Color.Default,
    [
        stage.Node.Label,
        "running",
        StageText.Steps(stage),
        StageText.Rate(stage),
        stage.Loss is null ? "" : "loss " + StageText.Loss(stage),
        stage.Left is null ? "" : StageText.Left(stage) + " left",
    ], Running: true));

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var running = _lines.Where(line => line.Running).Select(line => line.Cells).ToList();
        var widths = Enumerable.Range(0, 6).Select(column => running.Count == 0 ? 0 : running.Max(cells => Width(cells[column]))).ToArray();
        if (Total(widths) > maxWidth)
            widths[State] = 0;
        foreach (var column in LeftOut.TakeWhile(_ => Total(widths) - widths[0] + Math.Min(widths[0], ShortestLabel) > maxWidth))
            widths[column] = 0;
        widths[0] = Math.Clamp(maxWidth - Total(widths) + widths[0], 1, Math.Max(1, widths[0]));
        foreach (var line in _lines)
        {
            foreach (var segment in line.Running ? Row(line.Cells, widths) : [Text(Fit(line.Cells[0], maxWidth - Width(line.Cells[1])) + line.Cells[1], line.Colour)])
                yield return segment;
            yield return Segment.LineBreak;
        }
    }

    private static IEnumerable<Segment> Row(string[] cells, int[] widths)
    {
        yield return Text(Pad(Fit(cells[0], widths[0]), widths[0], toTheLeft: true), Color.Default);
        for (var column = 1; column < cells.Length; column++)
        {
            if (widths[column] > 0)
                yield return Text(Gap + Pad(cells[column], widths[column], column == State), column == State ? Color.Yellow : Color.Default);
        }
    }

    private static int Total(int[] widths) => widths.Sum() + (Gap.Length * (widths.Count(width => width > 0) - 1));

    /// <summary>The beginning and the end of a text; for a label of a stage, they contain its kind and its arm or seed.</summary>
    private static string Fit(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        var (head, tail) = (text.Length, 0);
        while (head > 0 && Width(text[..head]) + Width(text[^tail..]) + Ellipsis.Length > width)
        {
            head--;
            tail = Math.Min(text.Length - head, (width - Ellipsis.Length) / 2);
        }

        return text[..head] + Ellipsis + (tail > 0 ? text[^tail..] : "");
    }

    private static string Pad(string text, int width, bool toTheLeft)
    {
        var space = new string(' ', Math.Max(0, width - Width(text)));
        return toTheLeft ? text + space : space + text;
    }

    private static Segment Text(string text, Color colour) => new(text, new Style(colour));

    /// <summary>The width in terminal cells; the letters of some scripts take two.</summary>
    private static int Width(string text) => text.GetCellWidth();

    private sealed record Line(Color Colour, string[] Cells, bool Running);
}

/// <summary>Formats the progress of a stage, for both displays.</summary>
public static class StageText
{
    /// <summary>The current and the last step, such as `step 10/20`.</summary>
    public static string Steps(StageView stage) => stage.Total > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{stage.Unit} {stage.Step}/{stage.Total}").TrimStart()
        : "";

    /// <summary>Steps per second.</summary>
    public static string Rate(StageView stage) => stage.PerSecond is { } rate
        ? string.Create(CultureInfo.InvariantCulture,
            $"{(rate >= 100 ? rate.ToString("0", CultureInfo.InvariantCulture) : rate.ToString("0.0", CultureInfo.InvariantCulture))}/s")
        : "";

    /// <summary>Training samples per second, for stages that train.</summary>
    public static string SampleRate(StageView stage) => stage.PerSecond is { } rate && stage.Samples > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{rate * stage.Samples:0} samples/s")
        : "";

    /// <summary>The last loss.</summary>
    public static string Loss(StageView stage) => stage.Loss is { } loss ? loss.ToString(loss == 0
        || Math.Abs(loss) >= 0.01 ? "0.0000" : "0.00E+0", CultureInfo.InvariantCulture) : "";

    /// <summary>The remaining time.</summary>
    public static string Left(StageView stage) => stage.Left is { } left ? Duration(left) : "";

    /// <summary>A duration such as `4:05` or `1:04:05`.</summary>
    public static string Duration(TimeSpan span) => span.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes}:{span.Seconds:00}");
}
