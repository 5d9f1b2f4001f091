namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A live page in a browser.</summary>
public sealed class LiveBrowserTests : IDisposable
{
    private readonly ServedLab _served = new();

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task A_page_updates_its_content_and_keeps_the_state_of_the_viewer()
    {
        Requires.Chromium();
        await using var browser = await BrowserPage.Start();
        await browser.Open(new Uri(_served.Server.Address + "smoke.html"), 1000);
        await browser.Evaluate("window.visits = 1");
        await browser.Evaluate("document.querySelector('#provenance details').open = true");
        await browser.Evaluate("document.querySelector('.key[data-arm]').click()");
        await browser.Evaluate("document.querySelector('#stages').scrollIntoView({ behavior: 'instant' })");
        await browser.Evaluate("document.querySelector('#provenance summary').focus({ preventScroll: true })");
        var top = (double)(await browser.Evaluate("document.querySelector('#stages').getBoundingClientRect().top"))!;
        var stage = (string)(await browser.Evaluate("document.querySelector('#stages').textContent"))!;
        stage.Should().NotContain("interrupted");

        _served.Interrupted("smoke", "mfd");

        await Until(browser, "document.querySelector('#stages').textContent.includes('interrupted')");
        (await Is(browser, "window.visits === 1")).Should().BeTrue("the page is not reloaded");
        (await Is(browser, "document.querySelector('#provenance details').open")).Should().BeTrue();
        (await Is(browser, "document.activeElement.matches('#provenance summary')")).Should().BeTrue();
        (await Is(browser, "document.querySelector('.key[data-arm]').getAttribute('aria-pressed') === 'false'")).Should().BeTrue();
        ((double)(await browser.Evaluate("document.querySelector('#stages').getBoundingClientRect().top"))!)
            .Should().BeApproximately(top, 2);
        (await Is(browser, "!!document.querySelector('.chart .readout')")).Should().BeTrue("the page's script ran on the new charts");
        browser.Complaints().Should().BeEmpty();
        browser.Requests().Should().OnlyContain(request => request.StartsWith(_served.Server.Address));
    }

    [Fact]
    public async Task A_page_does_not_update_while_it_is_paused_or_in_use()
    {
        Requires.Chromium();
        await using var browser = await BrowserPage.Start();
        await browser.Open(new Uri(_served.Server.Address + "smoke.html"), 1000);
        await Until(browser, "document.querySelector('header [role=status]').textContent === 'live'");
        await browser.Evaluate("[...document.querySelectorAll('header button')].find(one => one.textContent === 'Pause').click()");

        _served.Interrupted("smoke", "mfd");
        await Task.Delay(1500);
        (await Is(browser, "document.querySelector('#stages').textContent.includes('interrupted')")).Should().BeFalse();
        await browser.Evaluate("getSelection().selectAllChildren(document.querySelector('#question'))");
        await browser.Evaluate("[...document.querySelectorAll('header button')].find(one => one.textContent === 'Resume').click()");
        await Task.Delay(1500);
        (await Is(browser, "document.querySelector('#stages').textContent.includes('interrupted')")).Should().BeFalse();
        await browser.Evaluate("getSelection().removeAllRanges()");

        await Until(browser, "document.querySelector('#stages').textContent.includes('interrupted')");
        browser.Complaints().Should().BeEmpty();
    }

    [Fact]
    public async Task A_page_says_that_it_is_out_of_date_until_the_error_is_gone()
    {
        Requires.Chromium();
        await using var browser = await BrowserPage.Start();
        await browser.Open(new Uri(_served.Server.Address + "smoke.html"), 1000);
        await Until(browser, "document.querySelector('header [role=status]').textContent === 'live'");

        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE attempt RENAME TO hidden");

        await Until(browser, "document.querySelector('header [role=status]').textContent.startsWith('not up to date (')");
        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE hidden RENAME TO attempt");
        await Until(browser, "document.querySelector('header [role=status]').textContent === 'live'");
        _served.Errors.Clear();
    }

    [Fact]
    public async Task A_page_shows_the_progress_of_running_stages()
    {
        Requires.Chromium();
        await using var browser = await BrowserPage.Start();
        await browser.Open(new Uri(_served.Server.Address + "smoke.html"), 1000);

        using (_served.Running("smoke", "mfd"))
        {
            await Until(browser, "document.querySelector('[aria-label=\"Running stages\"] progress')?.value === 0.25");
            var row = (string)(await browser.Evaluate("document.querySelector('[aria-label=\"Running stages\"] tbody').innerText"))!;
            (await browser.Obstacles()).Should().BeEmpty();
            row.Should().Contain("meanflow mfd").And.Contain("step 20/80").And.Contain("5.0/s").And.Contain("0.2500").And.Contain("0:12");
        }

        await Until(browser, "document.querySelector('[aria-label=\"Running stages\"]').hidden");
        browser.Complaints().Should().BeEmpty();
    }

    [Fact]
    public async Task The_list_of_experiments_is_live()
    {
        Requires.Chromium();
        await using var browser = await BrowserPage.Start();
        await browser.Open(new Uri(_served.Server.Address), 1000);
        await browser.Evaluate("document.querySelector('main input').value = 'smo'");
        await browser.Evaluate("document.querySelector('main input').dispatchEvent(new Event('input', { bubbles: true }))");

        _served.Interrupted("other", "mfd");

        await Until(browser, "document.querySelector('main').textContent.includes('not completed')");
        (await Is(browser, "document.querySelector('main input').value === 'smo'")).Should().BeTrue("the search text is kept");
        (await Is(browser, "!!document.querySelector('a.skip')")).Should().BeTrue();
        browser.Complaints().Should().BeEmpty();
    }

    private static async Task<bool> Is(BrowserPage browser, string condition) => (bool)(await browser.Evaluate(condition))!;

    private static async Task Until(BrowserPage browser, string condition)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await Is(browser, condition); await Task.Delay(50))
            waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30), condition);
    }
}
