using System.Text.RegularExpressions;
using MfRae.Lab.Core.Records;
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

    [Fact]
    public void No_two_arms_look_alike_though_there_are_more_of_them_than_colours()
    {
        var record = SampleRecord.Sweep([.. Enumerable.Range(0, 24).Select(at => at / 32d)], seeds: 1, steps: 2, diverged: false);
        var data = new ReportData(record with
        {
            Arms = [.. record.Arms.Select((arm, at) => arm with { Differences = new Dictionary<string, string> { ["kind"] = $"\"{at}\"" } })],
        });

        data.Arms.Select(arm => Palette.Rule(data, arm)[$".{arm.Css}".Length..]).Should().OnlyHaveUniqueItems();
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
