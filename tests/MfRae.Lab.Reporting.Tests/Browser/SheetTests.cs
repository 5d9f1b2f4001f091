using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class SheetTests
{
    private const string Open = "document.querySelector('dialog').open";
    private const string Name = "document.querySelector('dialog .name').textContent";
    private const string Slider = "#samples input[type=range]";
    private const string Shown = "[...document.querySelectorAll('.films .sheet')].filter(sheet => sheet.offsetHeight > 0).length";
    private const string Places =
        "[...new Set([...document.querySelectorAll('.films .sheet')].filter(sheet => sheet.offsetHeight > 0).map(sheet => sheet.dataset.at))].join()";
    private const string Second = "#samples .sheet:nth-of-type(2) .open";

    [Fact]
    public async Task A_sheet_opens_large_arrows_go_on_and_escape_returns_to_where_it_was()
    {
        Requires.Chromium();
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

    [Fact]
    public async Task The_focus_stays_in_the_open_sheet()
    {
        Requires.Chromium();
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

    [Fact]
    public async Task Sheets_of_a_hidden_arm_are_hidden_and_passed_over()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        await page.Do("document.querySelector('#curves .key.a2').click()");
        (await page.Number("document.querySelector('#samples .sheet.a2').offsetHeight")).Should().Be(0);

        await page.Click(Second);
        await page.Browser.Key("ArrowRight");

        (await page.Text(Name)).Should().Be("lambda=0.75 1 step");
    }

    [Fact]
    public async Task A_slider_shows_one_place_of_the_training_in_all_arms_and_arrow_keys_move_it()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        (await page.Number(Shown)).Should().Be(5, "one sheet an arm");
        (await page.Text(Places)).Should().Be("step 1,000", "the end of training");

        await page.Focus(Slider);
        await page.Browser.Key("ArrowLeft");
        await page.Browser.Key("ArrowLeft");

        (await page.Number(Shown)).Should().Be(5);
        (await page.Text(Places)).Should().Be("step 250");
        (await page.Text($"document.querySelector('{Slider}').getAttribute('aria-valuetext')")).Should().Be("step 250");

        await page.Do($"document.querySelector('{Slider}').value = 0; document.querySelector('{Slider}').dispatchEvent(new Event('input'))");
        (await page.Text(Places)).Should().Be("step 0");
        await page.Do("document.querySelector('#curves .key.a2').click()");
        (await page.Number(Shown)).Should().Be(4, "a hidden arm's sheets are hidden");
    }

    [Fact]
    public async Task Without_a_script_all_sheets_of_the_training_stand_on_the_page()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(ReportBuilder.Build(SampleRecord.Realistic()), script: false);

        (await page.Number(Shown)).Should().Be(25);
        (await page.Number("document.querySelectorAll('#samples input').length")).Should().Be(0);
    }
}
