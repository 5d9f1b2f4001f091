using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class IndexTests
{
    private const string Seen = "[...document.querySelectorAll('.experiments li')].filter(entry => entry.offsetHeight > 0)"
        + ".map(entry => entry.querySelector('h3').textContent).join(' ')";

    [Fact]
    public async Task The_index_opens_without_complaint_or_request()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Three(), width: 400);

        page.Browser.Complaints().Should().BeEmpty();
        page.Browser.Requests().Should().Equal(page.Address.AbsoluteUri);
        (await page.Number("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(400);
        (await page.Number("[...document.querySelectorAll('.spark')].filter(spark => spark.getBoundingClientRect().width > 30).length"))
            .Should().Be(3);
    }

    [Fact]
    public async Task The_search_leaves_what_holds_every_word_and_a_tag_searches_for_itself()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Three());
        (await page.Text(Seen)).Should().Be("ablation-lambda grid-search third");

        await page.Focus("#search");
        foreach (var letter in "GRID teacher")
        {
            await page.Browser.Key(letter.ToString());
        }

        (await page.Text(Seen)).Should().Be("grid-search");
        (await page.Text("document.querySelector('.tools output').textContent")).Should().Be("1 of 3");

        await page.Do("document.querySelector('#search').value = ''; document.querySelector('#search').dispatchEvent(new Event('input'))");
        await page.Click("button.tag");
        (await page.Text(Seen)).Should().Be("third");
    }

    [Fact]
    public async Task Without_scripts_every_experiment_is_listed_and_nothing_is_offered_that_does_not_work()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Three(), script: false);

        (await page.Text(Seen)).Should().Be("ablation-lambda grid-search third");
        (await page.Number("document.querySelectorAll('button, input').length")).Should().Be(0);
    }

    private static string Three() => IndexBuilder.Build(
    [
        IndexEntry.Of(SampleRecord.Small()),
        IndexEntry.Of(GridRecord.Small() with { Name = "grid-search" }),
        IndexEntry.Of(SampleRecord.Realistic() with { Name = "third" }, ["to-read"]),
    ]);
}
