using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Options;

internal sealed class OptionsSection : ISection
{
    public string Name => "Options";

    public string Title => "Options";

    public object Model(ReportData data)
    {
        var baseline = data.Arms.FirstOrDefault(arm => arm.Record.Baseline)?.Index ?? 0;
        return new
        {
            data.Arms,
            Rows = data.Options.Rows.Select(row => new
            {
                row.Path,
                Values = row.Values.Select(value => new { Text = value.Length == 0 ? "–" : value, Differs = value != row.Values[baseline] }),
            }).ToArray(),
            data.Record.Overrides,
            All = data.Arms.Select(arm => new { arm.Name, Text = StoredJson.Lines(arm.Record.OptionsJson) }),
            Files = (data.Record.Files ?? []).Select((file, place) => new { file.Path, Note = Note(file, place), file.Text }).ToArray(),
        };
    }

    private static string Note(WrittenFile file, int place)
    {
        var role = place == 0 ? "" : "extended by the file above";
        var cut = file.Omitted == 0 ? "" : $"first mebibyte only; the remaining {Numbers.Count(file.Omitted)} bytes were not kept";
        return string.Join("; ", new[] { role, cut }.Where(part => part.Length > 0));
    }
}
