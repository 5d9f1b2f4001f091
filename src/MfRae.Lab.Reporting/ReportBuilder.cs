using System.Text;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting;

/// <summary>
/// Renders an experiment as one HTML page that needs no network, no other file and no script to be readable. Images that would make the
/// page large are files beside it that the page links to. A pure function: the same record gives the same bytes.
/// </summary>
public static class ReportBuilder
{
    // Bytes of a page at most, of which style and script take less than the second number.
    private const long Most = 5_000_000;
    private const long Frame = 150_000;

    public static string Build(ExperimentRecord record) => Fitted(record).Page.Render();

    /// <summary>The images beside the page, which it links to.</summary>
    public static IReadOnlyList<LinkedImage> Images(ExperimentRecord record) => Fitted(record).Data.Sheets.Linked(record);

    /// <summary>The same page, which follows the database.</summary>
    public static ServedPage Serve(ExperimentRecord record, LiveHook hook) => Fitted(record).Page.Serve(hook);

    /// <summary>Where tables and curves take much of the page, fewer images are in it.</summary>
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

/// <summary>An image file beside a page, which the page links to.</summary>
/// <param name="Path">Relative to the folder of the page.</param>
/// <param name="Png">The content, or null where only the store has it.</param>
/// <param name="Stage">Key of the stage that made the image.</param>
/// <param name="File">Name of the file in the stage's folder, where only the store has the content.</param>
public sealed record LinkedImage(string Path, byte[]? Png, string Stage, string? File);

/// <summary>
/// What is kept beside a published page: the record without the images that the page does not show, most of which are the sheets of other
/// seeds than each arm's first. The page of it is the same, byte for byte.
/// </summary>
public static class PublishedRecord
{
    /// <param name="page">What <see cref="ReportBuilder"/> makes of the record.</param>
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
}

/// <summary>What a page needs to follow the database: it is the same page with one more script.</summary>
/// <param name="Stamp">Of what the page shows; the events name the stamp of what there is.</param>
/// <param name="Events">Path of the server's events about this page.</param>
/// <param name="Token">What a request that changes anything has to carry. It also tells one server from the next.</param>
/// <param name="Stop">Path that stops the run; null where nothing can be stopped.</param>
public sealed record LiveHook(string Stamp, string Events, string Token, string? Stop);

/// <summary>A page with the content policy that goes into the header of its response.</summary>
public sealed record ServedPage(string Html, string Policy);
