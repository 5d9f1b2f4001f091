using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class OpeningTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfrae-report").FullName;

    [Fact]
    public async Task A_report_opens_from_the_file_system_without_complaint_or_request()
    {
        Requires.Chromium();
        var page = Write("ablation-lambda.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await BrowserPage.Start();

        foreach (var width in new[] { 1280, 400 })
        {
            await browser.Open(page, width);

            browser.Complaints().Should().BeEmpty();
            browser.Requests().Should().Equal(page.AbsoluteUri);
            ((int)(await browser.Evaluate("document.documentElement.scrollWidth"))!)
                .Should().BeLessThanOrEqualTo(width, "wide tables scroll in their own boxes");
            ((int)(await browser.Evaluate("[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"))!).Should().Be(49);
        }
    }

    [Fact]
    public async Task The_browser_would_tell_of_a_foreign_script_and_of_a_request()
    {
        Requires.Chromium();
        var report = ReportBuilder.Build(SampleRecord.Small());
        await using var browser = await BrowserPage.Start();

        await browser.Open(Write("script.html", report.Replace("</main>", "<script>document.title = 'taken';</script></main>")), 1280);
        browser.Complaints().Should().NotBeEmpty();
        ((string?)await browser.Evaluate("document.title")).Should().Be("ablation-lambda", "the policy refuses a script it does not know");

        await browser.Open(Write("request.html", "<!doctype html><img src=\"http://127.0.0.1:9/picture.png\">"), 1280);
        browser.Requests().Should().Contain("http://127.0.0.1:9/picture.png");
    }

    /// <summary>Where MFRAE_SCREENSHOTS names a folder, pages and pictures for a human eye are left in it.</summary>
    [Fact]
    public async Task Without_scripts_the_page_shows_every_chart_in_light_and_dark()
    {
        Requires.Chromium();
        var page = Write("ablation-lambda.html", ReportBuilder.Build(SampleRecord.Realistic()));
        await using var browser = await BrowserPage.Start();
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
                foreach (var (name, record) in new[] { ("grid", GridRecord.Small()), ("parallel", GridRecord.Parallel()),
                    ("large", SampleRecord.Large()) })
                {
                    await File.WriteAllTextAsync(Path.Combine(kept, $"{name}.html"), ReportBuilder.Build(record));
                }

                await File.WriteAllTextAsync(Path.Combine(kept, "index.html"), IndexBuilder.Build(
                    [IndexEntry.Of(SampleRecord.Realistic(), ["to-read"]), IndexEntry.Of(GridRecord.Small() with { Name = "grid" })]));
                File.Copy(page.LocalPath, Path.Combine(kept, "ablation-lambda.html"), overwrite: true);
                await File.WriteAllBytesAsync(
                    Path.Combine(kept, $"report-{width}-{(dark ? "dark" : "light")}.png"), await browser.Screenshot());
            }
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Uri Write(string name, string html)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, html);
        return new Uri(path);
    }
}
