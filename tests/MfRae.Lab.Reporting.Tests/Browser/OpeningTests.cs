using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class OpeningTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mfrae-report").FullName;

    [ChromiumFact]
    public async Task A_report_opens_from_the_file_system_without_complaint_or_request()
    {
        var page = Write("ablation-lambda.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await Chromium.Start();

        foreach (var width in new[] { 1280, 400 })
        {
            await browser.Open(page, width);

            browser.Complaints().Should().BeEmpty();
            browser.Requests().Should().Equal(page.AbsoluteUri);
            ((int)(await browser.Evaluate("document.documentElement.scrollWidth"))!)
                .Should().BeLessThanOrEqualTo(width, "wide tables scroll in their own boxes");
            ((int)(await browser.Evaluate("[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"))!).Should().Be(13);
        }
    }

    [ChromiumFact]
    public async Task The_browser_would_tell_of_a_foreign_script_and_of_a_request()
    {
        var report = ReportBuilder.Build(SampleRecord.Small());
        await using var browser = await Chromium.Start();

        await browser.Open(Write("script.html", report.Replace("</main>", "<script>document.title = 'taken';</script></main>")), 1280);
        browser.Complaints().Should().NotBeEmpty();
        ((string?)await browser.Evaluate("document.title")).Should().Be("ablation-lambda", "the policy refuses a script it does not know");

        await browser.Open(Write("request.html", "<!doctype html><img src=\"http://127.0.0.1:9/picture.png\">"), 1280);
        browser.Requests().Should().Contain("http://127.0.0.1:9/picture.png");
    }

    [ChromiumFact]
    public async Task The_index_opens_without_complaint_or_request()
    {
        var page = Write("index.html", IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small())]));
        await using var browser = await Chromium.Start();

        await browser.Open(page, 400);

        browser.Complaints().Should().BeEmpty();
        browser.Requests().Should().Equal(page.AbsoluteUri);
        ((int)(await browser.Evaluate("document.documentElement.scrollWidth"))!).Should().BeLessThanOrEqualTo(400);
    }

    [ChromiumFact]
    public async Task Pointing_at_a_curve_reads_out_its_step_and_every_arm()
    {
        var page = Write("report.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await Chromium.Start();
        await browser.Open(page, 1280);

        await browser.Evaluate("document.documentElement.style.scrollBehavior = 'auto'; "
            + "document.querySelector('.chart.lines').scrollIntoView({ block: 'center' })");
        var x = (double)(await browser.Evaluate("(r => r.x + r.width / 2)(document.querySelector('.chart.lines "
            + "svg').getBoundingClientRect())"))!;
        var y = (double)(await browser.Evaluate("(r => r.y + r.height / 2)(document.querySelector('.chart.lines "
            + "svg').getBoundingClientRect())"))!;
        await browser.Mouse("mouseMoved", x, y);
        var text = (string?)await browser.Evaluate("document.querySelector('.chart.lines .readout').textContent");

        text.Should().StartWith("step ").And.Contain("lambda=0:").And.Contain("lambda=1:");
    }

    [ChromiumFact]
    public async Task Dragging_over_a_curve_zooms_and_a_double_click_undoes_it()
    {
        var page = Write("report.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await Chromium.Start();
        await browser.Open(page, 1280);
        const string Shown = "document.querySelector('.chart.lines .plot').getAttribute('viewBox') + "
            + "document.querySelector('.chart.lines svg > .ticks.x').textContent";
        var before = (string?)await browser.Evaluate(Shown);

        await browser.Evaluate("document.documentElement.style.scrollBehavior = 'auto'; "
            + "document.querySelector('.chart.lines').scrollIntoView({ block: 'center' })");
        var x = (double)(await browser.Evaluate("document.querySelector('.chart.lines .plot').getBoundingClientRect().x"))!;
        var y = (double)(await browser.Evaluate("document.querySelector('.chart.lines .plot').getBoundingClientRect().y"))!;
        await browser.Mouse("mousePressed", x + 60, y + 40, "left");
        await browser.Mouse("mouseMoved", x + 160, y + 120, "left");
        await browser.Mouse("mouseReleased", x + 160, y + 120, "left");
        var zoomed = (string?)await browser.Evaluate(Shown);
        await browser.Evaluate("document.querySelector('.chart.lines svg').dispatchEvent(new MouseEvent('dblclick'))");

        zoomed.Should().NotBe(before);
        ((string?)await browser.Evaluate(Shown)).Should().Be(before);
    }

    [ChromiumFact]
    public async Task A_legend_entry_hides_its_arm()
    {
        var page = Write("report.html", ReportBuilder.Build(SampleRecord.Small()));
        await using var browser = await Chromium.Start();
        await browser.Open(page, 1280);

        await browser.Evaluate("document.querySelector('#curves .key.a1').click()");

        ((string?)await browser.Evaluate("getComputedStyle(document.querySelector('#curves .chart .line.a1')).display"))
            .Should().Be("none");
        ((string?)await browser.Evaluate("getComputedStyle(document.querySelector('#curves .chart .line.a0')).display"))
            .Should().NotBe("none");
    }

    /// <summary>Where MFRAE_SCREENSHOTS names a folder, pages and pictures for a human eye are left in it.</summary>
    [ChromiumFact]
    public async Task Without_scripts_the_page_shows_every_chart_in_light_and_dark()
    {
        var page = Write("ablation-lambda.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await Chromium.Start();
        var kept = Environment.GetEnvironmentVariable("MFRAE_SCREENSHOTS");

        foreach (var (width, dark) in new[] { (1280, false), (400, false), (1280, true) })
        {
            await browser.Script(enabled: false);
            await browser.Open(page, width, dark);
            await browser.Script(enabled: true);

            ((int)(await browser.Evaluate("[...document.querySelectorAll('#curves > .charts svg[viewBox], #curves > .group "
                + "svg[viewBox]')].filter(s => s.getBoundingClientRect().height > 0).length"))!).Should().BeGreaterThan(8);
            ((string?)await browser.Evaluate("getComputedStyle(document.body).backgroundColor"))
                .Should().Be(dark ? "rgb(19, 20, 24)" : "rgb(251, 251, 250)");
            if (kept is not null)
            {
                Directory.CreateDirectory(kept);
                File.Copy(page.LocalPath, Path.Combine(kept, "ablation-lambda.html"), overwrite: true);
                await File.WriteAllBytesAsync(
                    Path.Combine(kept, $"report-{width}-{(dark ? "dark" : "light")}.png"), await browser.Screenshot());
            }
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Uri Write(string name, string html)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, html);
        return new Uri(path);
    }
}
