using System.Text.RegularExpressions;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed partial class GoldenTests
{
    public static TheoryData<string> Names => [.. SectionList.All().Select(section => section.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_section_renders_as_agreed(string name)
    {
        var section = SectionList.All().Single(section => section.Name == name);

        var html = ReportBuilder.Render(section, Data(section)).Content.ToString();

        // How well a PNG is packed depends on the runtime's zlib, so its bytes are not agreed on.
        Golden.Check($"tests/MfRae.Lab.Reporting.Tests/Golden/{name.ToLowerInvariant()}.html", Packed().Replace(html, "base64,…"));
    }

    [Fact]
    public void A_section_without_its_measurements_is_not_on_the_page()
    {
        ReportBuilder.Build(SampleRecord.Small()).Should().NotContain("id=\"derivatives\"");
        ReportBuilder.Build(DerivativeRecord.Small()).Should().Contain("<section id=\"derivatives\">");
        ReportBuilder.Build(SampleRecord.Small()).Should().NotContain("id=\"oracle\"");
        ReportBuilder.Build(OracleRecord.Small()).Should().Contain("<section id=\"oracle\">").And.Contain("href=\"#oracle\"");
    }

    [Fact]
    public void The_index_renders_as_agreed()
    {
        var html = IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small())]);

        Golden.Check(
            "tests/MfRae.Lab.Reporting.Tests/Golden/index.html", html[html.IndexOf("<main ", StringComparison.Ordinal)..html.IndexOf("</main>", StringComparison.Ordinal)]);
    }

    // The first record that has what the section shows.
    private static ReportData Data(ISection section) => new[]
        { SampleRecord.Small(), SampleRecord.WithSnapshots(SampleRecord.Small()), GridRecord.Small(), DerivativeRecord.Small(), OracleRecord.Small(), ReliabilityRecord.Small(), DivergenceRecord.Small(),
          VersionsRecord.Small() }
        .Select(record => new ReportData(record))
        .First(section.Has);

    [GeneratedRegex("base64,[A-Za-z0-9+/=]+")]
    private static partial Regex Packed();
}
