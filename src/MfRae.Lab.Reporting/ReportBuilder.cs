using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting;

/// <summary>
/// Renders an experiment as one HTML page that needs nothing else: no network, no other file, no script to be readable.
/// A pure function: the same record gives the same bytes.
/// </summary>
public static class ReportBuilder
{
    public static string Build(ExperimentRecord record) => Page(record).Render();

    /// <summary>The same page, which follows the database.</summary>
    public static ServedPage Serve(ExperimentRecord record, LiveHook hook) => Page(record).Serve(hook);

    private static Page Page(ExperimentRecord record)
    {
        var data = new ReportData(record);
        return new(
            "Experiment report",
            record.Title ?? record.Name,
            "Rendered from the results database alone; docs/reading-a-report.md explains every section.",
            [.. SectionList.All().Where(section => section.Has(data)).Select(section => Render(section, data))],
            Palette.Css(data));
    }

    internal static PageSection Render(ISection section, ReportData data) => new(
        section.Name.ToLowerInvariant(),
        section.Title,
        Templates.Render($"Sections/{section.Name}/{section.Name.ToLowerInvariant()}.sbn-html", section.Model(data)));
}
