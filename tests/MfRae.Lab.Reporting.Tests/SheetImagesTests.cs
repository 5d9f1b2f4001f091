using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests;

/// <summary>A page stays small however large its images are and however many arms it has.</summary>
public sealed partial class SheetImagesTests
{
    [Theory]
    [InlineData(640, true)]
    [InlineData(2056, false)]
    public void A_page_with_large_images_of_many_arms_stays_below_five_megabytes(int side, bool reduced)
    {
        var record = WithSheets(reduced ? SampleRecord.Large() : Arms(), side, reduced);
        record.Stages.Sum(stage => stage.Images.Sum(image => (long)image.Png.Length)).Should().BeGreaterThan(5_000_000);

        var html = ReportBuilder.Build(record);

        Encoding.UTF8.GetByteCount(html).Should().BeLessThanOrEqualTo(5_000_000);
        html.Should().Be(ReportBuilder.Build(record));
        var linked = ReportBuilder.Images(record);
        Links().Matches(html).Select(match => match.Groups[1].Value).Distinct()
            .Should().BeEquivalentTo(linked.Select(image => Uri.EscapeDataString(record.Name) + image.Path[record.Name.Length..])).And.NotBeEmpty();
        linked.Should().OnlyContain(image => image.Png != null || image.File == "sheet.full.png");
        linked.Any(image => image.Png is null).Should().Be(reduced);
    }

    [Fact]
    public void A_page_of_small_images_links_to_no_file()
    {
        ReportBuilder.Images(SampleRecord.Small()).Should().BeEmpty();
        ReportBuilder.Build(SampleRecord.Small()).Should().Contain("data:image/png").And.NotContain(".images/");
    }

    [Fact]
    public void The_data_of_a_published_page_have_the_images_that_it_links_to()
    {
        var record = WithSheets(Arms(), 640, reduced: true);
        var page = ReportBuilder.Build(record);
        var kept = PublishedRecord.Of(record, page);

        ReportBuilder.Build(kept).Should().Be(page);
        ReportBuilder.Images(kept).Select(image => image.Path).Should().Equal(ReportBuilder.Images(record).Select(image => image.Path));
    }

    [Theory]
    [InlineData("../../secret.png")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    public void A_name_in_an_image_cannot_lead_out_of_its_folder(string name)
    {
        var record = WithSheets(SampleRecord.Small(), 8, reduced: false);
        record = record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Images = [.. stage.Images.Select(image => image with { Png = PngText.With(image.Png, PngText.FullSize, name) })],
            })],
        };

        ReportBuilder.Images(record).Should().BeEmpty();
        ReportBuilder.Build(record).Should().NotContain("Full size");
    }

    private static ExperimentRecord Arms() => SampleRecord.Sweep([.. Enumerable.Range(0, 20).Select(at => at / 20d)], seeds: 1, steps: 10, diverged: false);

    // Noise, which no format packs; a few different sheets, which the stages share.
    private static ExperimentRecord WithSheets(ExperimentRecord record, int side, bool reduced)
    {
        var random = new Random(0);
        byte[][] sheets = [.. Enumerable.Range(0, 5).Select(_ => Png.Grey(side, side, (_, _) => (byte)random.Next(256)))];
        if (reduced)
        {
            sheets = [.. sheets.Select(png => PngText.With(png, PngText.FullSize, "sheet.full.png"))];
        }

        var place = 0;
        return record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Images = [.. stage.Images.Select(image => image with { Png = sheets[place++ % sheets.Length] })],
            })],
        };
    }

    [GeneratedRegex("href=\"([^\"]*\\.images/[^\"]+)\"")]
    private static partial Regex Links();
}
