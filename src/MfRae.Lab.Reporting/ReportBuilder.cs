using System.Text;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting;

/// <summary>
/// Renders an experiment as one HTML page that works offline and without JavaScript. Images that would make the page large are separate
/// files that the page links to. A pure function: the same record gives the same bytes.
/// </summary>
public static class ReportBuilder
{
    // The maximal size of a page, and an upper bound of the size of its style and scripts, in bytes.
    private const long Most = 5_000_000;
    private const long Frame = 150_000;

    /// <summary>Renders the page of an experiment.</summary>
    public static string Build(ExperimentRecord record) => Fitted(record).Page.Render();

    /// <summary>The image files that the page links to.</summary>
    public static IReadOnlyList<LinkedImage> Images(ExperimentRecord record) => Fitted(record).Data.Sheets.Linked(record);

    /// <summary>Renders the page with a script that updates it when the database changes.</summary>
    public static ServedPage Serve(ExperimentRecord record, LiveHook hook)
    {
        var (page, data) = Fitted(record);
        return page.Serve(hook) with { Images = data.Sheets.Linked(record) };
    }

    /// <summary>Renders the page. If tables and curves are large, the page contains fewer images.</summary>
    private static (Page Page, ReportData Data) Fitted(ExperimentRecord record)
    {
        record = ArmTitles.Apply(record);
        var data = new ReportData(record);
        var page = Page(data);
        var size = Frame + page.Sections.Sum(section => (long)Encoding.UTF8.GetByteCount(section.Content.ToString()));
        if (size <= Most)
        {
            return (page, data);
        }

        data = new ReportData(record, Math.Max(0, SheetImages.Usual - (size - Most)));
        return (Page(data), data);
    }

    private static Page Page(ReportData data)
    {
        var record = data.Record;
        return new(
            "Experiment report",
            record.Title ?? record.Name,
            "Generated from the results database. docs/reading-a-report.md explains every section.",
            [.. SectionList.All().Where(section => section.Has(data)).Select(section => Render(section, data))],
            Palette.Css(data));
    }

    internal static PageSection Render(ISection section, ReportData data) => new(
        section.Name.ToLowerInvariant(),
        section.Title,
        Templates.Render($"Sections/{section.Name}/{section.Name.ToLowerInvariant()}.sbn-html", section.Model(data)));
}

/// <summary>An image file that a page links to.</summary>
/// <param name="Path">Relative to the folder of the page.</param>
/// <param name="Png">The content; null if only the store has it.</param>
/// <param name="Stage">Key of the stage that made the image.</param>
/// <param name="File">Name of the file in the stage's folder, if only the store has the content; else null.</param>
public sealed record LinkedImage(string Path, byte[]? Png, string Stage, string? File)
{
    /// <summary>The folder of a page's images is named like the page, with this in place of its extension.</summary>
    public const string FolderSuffix = ".images";
}

/// <summary>
/// The record that is published with a page. Its commands have no absolute paths, and it omits the images that the page does not show, mostly
/// sheets of further seeds: its page is the same, byte for byte.
/// </summary>
public static class PublishedRecord
{
    /// <summary>The record whose page is published: without the absolute paths of the machine in its commands.</summary>
    public static ExperimentRecord WithoutPaths(ExperimentRecord record) => record with
    {
        Stages = [.. record.Stages.Select(stage => stage with { Attempts = [.. stage.Attempts.Select(WithoutPaths)] })],
    };

    /// <summary>The record without the images that its page does not show.</summary>
    /// <param name="record">The record of <see cref="WithoutPaths(ExperimentRecord)"/>.</param>
    /// <param name="page">The page of the record, from <see cref="ReportBuilder.Build"/>.</param>
    public static ExperimentRecord Of(ExperimentRecord record, string page) => record with
    {
        Stages =
        [
            .. record.Stages.Select(stage => stage with
            {
                Images = [.. stage.Images.Where(image => page.Contains($"\"{Picture.DataUri(image)}\"", StringComparison.Ordinal)
                    || page.Contains(SheetImages.FileName(image), StringComparison.Ordinal))],
            }),
        ],
    };

    private static AttemptRecord WithoutPaths(AttemptRecord attempt) => attempt.Origin is not { Run: { } run } origin ? attempt
        : attempt with { Origin = origin with { Run = run with { Command = CommandText.WithoutPaths(run.Command) } } };
}

/// <summary>Connects a served page with its server, so that the page follows the database.</summary>
/// <param name="Stamp">Identifies the data that the page shows. The server's events carry the stamp of the current data.</param>
/// <param name="Events">Path of the server's events about this page.</param>
/// <param name="Token">Must be sent with every request that changes anything. A restarted server has another token.</param>
/// <param name="Stop">Path that stops the run; null if no run can be stopped.</param>
public sealed record LiveHook(string Stamp, string Events, string Token, string? Stop);

/// <summary>A page, and the content security policy for the header of its response.</summary>
/// <param name="Html">The page.</param>
/// <param name="Policy">The value of the header Content-Security-Policy.</param>
public sealed record ServedPage(string Html, string Policy)
{
    /// <summary>The images that the page links to.</summary>
    public IReadOnlyList<LinkedImage> Images { get; init; } = [];
}
