using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Curves;

/// <summary>The resources that the workers of one kind of training used, over the time of their last attempts.</summary>
internal static class MachineCurves
{
    private const double Mega = 1e6;
    private const double Giga = 1e9;

    private static readonly (string Title, Func<MachineUse, double?> Value)[] Quantities =
    [
        ("Busy cores", use => use.Cores),
        ("Memory, GB", use => use.Memory / Giga),
        ("Read from disks, MB/s", use => use.ReadRate / Mega),
        ("Written to disks, MB/s", use => use.WriteRate / Mega),
        ("Busy GPU, %", use => 100 * use.Gpu),
        ("Memory of the GPU, GB", use => use.GpuMemory / Giga),
        ("Power of the GPU, W", use => use.GpuWatts),
        ("Energy of the GPU, kJ", use => use.GpuJoules / 1e3),
    ];

    /// <summary>The charts of the first role with readings; null if there are none.</summary>
    public static CurvesStage? Of(ReportData data, IEnumerable<string> roles, CurveBudget budget)
    {
        foreach (var role in roles)
        {
            var lines = TrainingCurves.Lines(data, role);
            var charts = Quantities.Select(quantity => new LineChart(quantity.Title, "seconds", [.. lines.Select(line => Draw(line, quantity.Value, budget))
                .Where(line => line.Points.Count > 0)]).Draw()).Where(chart => !chart.IsEmpty).ToList();
            if (charts.Count > 0)
            {
                return new(
                    role,
                    "The worker of each training, read every five seconds; of a resumed training the last attempt. Line: mean over the seeds. Band: their range.",
                    true,
                    [.. lines.Select(line => new LegendKey(line.Css, line.Name))],
                    charts,
                    data.Sql.Machine(lines[0].Stages[0].Kind));
            }
        }

        return null;
    }

    private static Line Draw(StageLine line, Func<MachineUse, double?> value, CurveBudget budget)
    {
        SeriesRecord[] series = [.. line.Stages
            .Select(stage => stage.Attempts.LastOrDefault(attempt => attempt.Use is not null)?.Use)
            .OfType<IReadOnlyList<MachineUse>>()
            .Where(uses => uses.Any(use => value(use) is not null))
            .Select(uses => new SeriesRecord("", [.. uses.Select(use => (long)Math.Round(use.Seconds))], [.. uses.Select(value)]))];
        return new(line.Name, line.Css, series.Length == 0 ? [] : Curve.Of(series, budget.Points));
    }
}
