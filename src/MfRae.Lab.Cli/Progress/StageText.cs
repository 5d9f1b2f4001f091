using System.Globalization;

namespace MfRae.Lab.Cli.Progress;

/// <summary>The words and figures that both forms of progress use.</summary>
public static class StageText
{
    public static string Steps(StageView stage) => stage.Total > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{stage.Unit} {stage.Step}/{stage.Total}").TrimStart()
        : "";

    public static string Rate(StageView stage) => stage.PerSecond is { } rate
        ? string.Create(CultureInfo.InvariantCulture,
            $"{(rate >= 100 ? rate.ToString("0", CultureInfo.InvariantCulture) : rate.ToString("0.0", CultureInfo.InvariantCulture))}/s")
        : "";

    public static string Loss(StageView stage) => stage.Loss is { } loss ? loss.ToString(loss == 0
        || Math.Abs(loss) >= 0.01 ? "0.0000" : "0.00E+0", CultureInfo.InvariantCulture) : "";

    public static string Left(StageView stage) => stage.Left is { } left ? Duration(left) : "";

    /// <summary>`4:05` or `1:04:05`.</summary>
    public static string Duration(TimeSpan span) => span.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes}:{span.Seconds:00}");
}
