using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class SheetTests
{
    private const string Open = "document.querySelector('dialog').open";
    private const string Name = "document.querySelector('dialog .name').textContent";
    private const string Second = "#samples .sheet:nth-of-type(2) .open";

    [ChromiumFact]
    public async Task A_sheet_opens_large_arrows_go_on_and_escape_returns_to_where_it_was()
    {
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        await page.Focus(Second);
        await page.Browser.Key("Enter");

        (await page.Holds(Open)).Should().BeTrue();
        (await page.Text(Name)).Should().Be("lambda=0.25 1 step");
        (await page.Number("document.querySelector('dialog img').getBoundingClientRect().width % 280"))
            .Should().Be(0, "pixels of a sheet are shown whole");

        await page.Browser.Key("ArrowRight");
        (await page.Text(Name)).Should().Be("lambda=0.5 1 step");
        await page.Browser.Key("ArrowLeft");
        await page.Browser.Key("ArrowLeft");
        (await page.Text(Name)).Should().StartWith("lambda=0").And.EndWith("1 step");

        await page.Browser.Key("Escape");
        (await page.Holds(Open)).Should().BeFalse();
        (await page.Holds($"document.activeElement === document.querySelector('{Second}')")).Should().BeTrue();
    }

    [ChromiumFact]
    public async Task The_focus_stays_in_the_open_sheet()
    {
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        await page.Click(Second);

        for (var press = 0; press < 7; press++)
        {
            await page.Browser.Key("Tab", shift: press > 4);
            (await page.Holds("document.querySelector('dialog').contains(document.activeElement)")).Should().BeTrue();
        }

        await page.Click("dialog .bar button:last-child");
        (await page.Holds(Open)).Should().BeFalse();
    }

    [ChromiumFact]
    public async Task Sheets_of_a_hidden_arm_are_hidden_and_passed_over()
    {
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        await page.Do("document.querySelector('#curves .key.a2').click()");
        (await page.Number("document.querySelector('#samples .sheet.a2').offsetHeight")).Should().Be(0);

        await page.Click(Second);
        await page.Browser.Key("ArrowRight");

        (await page.Text(Name)).Should().Be("lambda=0.75 1 step");
    }
}
