using System.Text.RegularExpressions;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed partial class PaletteTests
{
    [Fact]
    public void Arms_along_a_numeric_axis_grow_lighter()
    {
        var shades = Light(SampleRecord.Realistic());

        shades.Should().HaveCount(5);
        shades.Should().BeInAscendingOrder();
    }

    [Fact]
    public void The_ramp_follows_the_value_and_not_the_order_of_the_file()
    {
        var record = SampleRecord.Realistic();

        Light(record with { Arms = [.. record.Arms.Reverse()] }).Should().BeInDescendingOrder();
    }

    [Fact]
    public void Arms_that_differ_in_words_get_colours_without_order()
    {
        var record = SampleRecord.Small();
        var arms = record.Arms.Select((arm,
            i) => arm with { Differences = new Dictionary<string, string> { ["cmt.kind"] = i == 0 ? "\"none\"" : "\"trajectory\"" } });

        new ReportData(record with { Arms = [.. arms] }).Axis.Should().BeNull();
        Palette.Css(new ReportData(record with { Arms = [.. arms] })).Should().Contain("#0072b2");
    }

    private static double[] Light(ExperimentRecord record) =>
    [
        .. from match in Colour().Matches(Palette.Css(new ReportData(record)))
           let colour = Convert.ToInt32(match.Groups[1].Value, 16)
           select 0.2126 * (colour >> 16) + 0.7152 * (colour >> 8 & 255) + 0.0722 * (colour & 255),
    ];

    [GeneratedRegex(@"^\.a\d+\{--arm:light-dark\(#([0-9a-f]{6})", RegexOptions.Multiline)]
    private static partial Regex Colour();
}
