using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class LayoutTests
{
    private const string Back = "getComputedStyle(document.body).backgroundColor";
    private const string Light = "rgb(251, 251, 250)";
    private const string Dark = "rgb(19, 20, 24)";

    // Pages by name that together contain every part of a page.
    private static readonly (string Name, string Html)[] Pages =
    [
        .. Records().Select(page => (page.Name, ReportBuilder.Build(page.Record))), ("comparison", ComparedRecords.Page()),
    ];

    private static (string Name, ExperimentRecord Record)[] Records() =>
    [
        ("realistic", SampleRecord.Realistic()), ("lost seed", SampleRecord.Small()), ("reliability", ReliabilityRecord.Small()),
        ("grid", GridRecord.Small()), ("parallel", GridRecord.Parallel()), ("oracle", OracleRecord.Small()),
        ("derivatives", DerivativeRecord.Small()),
    ];

    [Fact]
    public async Task The_theme_follows_the_system_until_it_is_chosen()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small(), dark: true);
        var arm = await page.Text("getComputedStyle(document.querySelector('#curves .line.a0')).stroke");
        (await page.Text(Back)).Should().Be(Dark);
        (await page.Text("document.querySelector('.theme').ariaPressed")).Should().Be("true");

        await page.Click(".theme");
        (await page.Text(Back)).Should().Be(Light);
        (await page.Text("document.querySelector('.theme').ariaPressed")).Should().Be("false");
        (await page.Text("getComputedStyle(document.querySelector('#curves .line.a0')).stroke")).Should().NotBe(arm);

        await page.Click(".theme");
        (await page.Text(Back)).Should().Be(Dark);
        (await page.Number("document.cookie.length")).Should().Be(0);
    }

    [Fact]
    public async Task Paper_is_light_and_without_what_only_a_screen_can_use()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small(), dark: true);
        await page.Click(".theme");
        await page.Click(".theme");

        await page.Browser.Media("print");

        (await page.Text("getComputedStyle(document.querySelector('table')).color")).Should().Be("rgb(27, 28, 32)");
        (await page.Number("[...document.querySelectorAll('nav, .tools, .axes, .theme, summary')].filter(node => !node.closest('.seeds')).filter(node => node.offsetHeight > 0).length"))
            .Should().Be(0);
        await page.Browser.Resize(720);
        (await page.Number("Math.max(...[...document.querySelectorAll('table')].map(table => table.getBoundingClientRect().right))"))
            .Should().BeLessThanOrEqualTo(720, "no column is cut");
    }

    [Fact]
    public async Task The_first_stop_of_the_keyboard_leads_past_the_head()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());

        await page.Browser.Key("Tab");
        (await page.Text("document.activeElement.className")).Should().Be("skip");
        (await page.Number("document.activeElement.getBoundingClientRect().left")).Should().BeGreaterThanOrEqualTo(0);
        (await page.Text("getComputedStyle(document.activeElement).outlineStyle")).Should().Be("solid", "the focus is seen");

        await page.Browser.Key("Enter");
        (await page.Text("document.activeElement.id")).Should().Be("main");
    }

    [Fact]
    public async Task The_list_of_sections_stays_in_view_and_marks_the_one_that_is_read()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic(), width: 400);

        await page.Do("document.querySelector('nav a[href=\"#stages\"]').click()");
        await page.Browser.Evaluate("new Promise(done => setTimeout(done, 300))");

        (await page.Text("[...document.querySelectorAll('nav [aria-current]')].map(link => link.hash).join()")).Should().Be("#stages");
        (await page.Holds("(at => at.top >= 0 && at.left >= 0 && at.right <= innerWidth)(document.querySelector('nav [aria-current]').getBoundingClientRect())"))
            .Should().BeTrue();
        (await page.Holds("document.querySelector('#stages h2').getBoundingClientRect().top > document.querySelector('nav').getBoundingClientRect().bottom"))
            .Should().BeTrue("the heading is not under the list");
    }

    [Fact]
    public async Task No_width_from_a_telephone_to_a_wall_scrolls_sideways()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of("");
        foreach (var (name, html) in Pages)
        {
            await page.Show(html, width: 360);
            await page.Do("document.querySelectorAll('details').forEach(details => details.open = true)");
            foreach (var width in new[] { 360, 400, 768, 1280, 1920, 3840 })
            {
                await page.Browser.Resize(width);
                (await page.Number("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(width, name);
            }
        }
    }

    [Fact]
    public async Task No_long_name_runs_into_what_stands_beside_it()
    {
        Requires.Chromium();
        const string Long = "derivative=central, learningRate=0.0003, ";
        var record = SampleRecord.Small();
        await using var page = await OpenPage.Report(record with
        {
            Arms = [.. record.Arms.Select(arm => arm with { Name = Long + arm.Name })],
            Runs = [.. record.Runs.Select(run => run with { Arm = Long + run.Arm })],
        });

        foreach (var width in new[] { 360, 1280, 3840 })
        {
            await page.Browser.Resize(width);
            (await page.Number("[...document.querySelectorAll('.arm')].filter(arm => arm.offsetParent && "
                + "arm.getBoundingClientRect().right > arm.closest('th, .who, figure').getBoundingClientRect().right + 1).length")).Should().Be(0);
            (await page.Number("[...document.querySelectorAll('.tile *')].filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0).length"))
                .Should().Be(0);
        }
    }

    [Fact]
    public async Task Assistive_technology_meets_no_serious_obstacle()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of("");
        foreach (var (name, html) in Pages)
        {
            foreach (var dark in new[] { false, true })
            {
                await page.Show(html, dark: dark);
                await page.Do("document.querySelectorAll('details').forEach(details => details.open = true)");
                (await page.Browser.Obstacles()).Should().BeEmpty($"{name}, {(dark ? "dark" : "light")}");
            }
        }
    }

    [Fact]
    public async Task Whatever_a_reader_switches_on_no_kind_of_page_complains_or_asks_the_network()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of("");
        foreach (var (name, html) in Pages)
        {
            await page.Show(html);
            // Everything that can be pressed, twice: on and off again. Copies are left out, since they end at the system's clipboard.
            await page.Do("for (let time = 0; time < 2; time++) for (const node of document.querySelectorAll('button, summary, .key, input')) "
                + "if (!node.disabled && !/^(CSV|LaTeX|Markdown|Copy)$/.test(node.textContent)) node.click()");
            await page.Do("for (const slider of document.querySelectorAll('input[type=range]')) "
                + "{ slider.value = 0.5; slider.dispatchEvent(new Event('input')); }");

            page.Browser.Complaints().Should().BeEmpty(name);
            page.Browser.Requests().Should().Equal([page.Address.AbsoluteUri], name);
        }
    }

    [Fact]
    public async Task The_index_has_no_such_obstacle_either()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of("");
        foreach (var dark in new[] { false, true })
        {
            await page.Show(
                IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small(), ["to-read"]), IndexEntry.Of(GridRecord.Small())]), dark: dark);
            (await page.Browser.Obstacles()).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task An_obstacle_would_be_noticed()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(ReportBuilder.Build(SampleRecord.Small()).Replace("</main>", "<button></button></main>"));

        (await page.Browser.Obstacles()).Should().Contain("button-name");
    }
}
