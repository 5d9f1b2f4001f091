using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Options;

internal sealed class OptionsSection : ISection
{
    public string Name => "Options";

    public string Title => "Options that differ";

    public object Model(ReportData data) => new OptionsModel(
        [.. data.Arms.Select(Parts.Arm)],
        [.. data.Options.Rows.Select(row => new OptionsRow(row.Path, [.. row.Values.Select(value => value.Length == 0 ? "–" : value)]))]);
}
