using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting;

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
                Images = [.. stage.Images.Where(image => page.Contains(Parts.Source(image).ToString(), StringComparison.Ordinal)
                    || page.Contains(SheetImages.FileName(image), StringComparison.Ordinal))],
            }),
        ],
    };
}
