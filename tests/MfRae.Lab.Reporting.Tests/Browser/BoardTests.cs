using System.Globalization;
using MfRae.Lab.Reporting.Boards;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class BoardTests
{
    private const string Points = "document.querySelectorAll('.board svg .mark').length";
    private const string Told = "document.querySelector('.board .told').textContent";

    [Fact]
    public async Task The_board_opens_without_complaint_or_request_and_shows_every_measured_run()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Two(), width: 400);

        page.Browser.Complaints().Should().BeEmpty();
        page.Browser.Requests().Should().Equal(page.Address.AbsoluteUri);
        (await page.Number("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(400);
        // Eight runs have an FID of 5,000 samples; two of 10,000 are not comparable with them, one is not measured, one is a pilot.
        (await page.Number(Points)).Should().Be(8);
        (await page.Text(Told)).Should().Be("8 of 12 runs shown; 1 have no fid@1; 2 ways of measuring, one is shown.");
    }

    [Fact]
    public async Task Values_that_were_measured_differently_are_chosen_and_not_mixed()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Two());

        await Choose(page, "measured with", "[...select.options].at(-1).value");

        (await page.Number(Points)).Should().Be(2);
        (await page.Text("[...document.querySelectorAll('.board table')].at(-1).querySelector('tbody').innerText.split('\\n').length + ''")).Should().Be("2");
    }

    [Fact]
    public async Task A_metric_is_shown_against_an_option_and_the_address_keeps_the_choice()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Two());

        await Choose(page, "against", "'meanflow.lambda'");
        await Choose(page, "colour", "'experiment'");

        var groups = await page.Text("[...document.querySelectorAll('.board table')][0].querySelector('tbody').innerText");
        groups.Split('\n').Select(row => row.Split('\t')[..4]).Should().BeEquivalentTo(
        [
            new[] { "0", "first", "4", "1.5" },
            ["1", "first", "4", "2.5"],
        ]);
        (await page.Text("location.hash")).Should().Contain("x=meanflow.lambda").And.Contain("colour=experiment");
        await page.Browser.Open(new Uri(page.Address + await page.Text("location.hash")), 1280);
        (await page.Text("[...document.querySelectorAll('.board label')].find(label => label.firstChild.textContent === 'against').querySelector('select').value"))
            .Should().Be("meanflow.lambda");
    }

    [Fact]
    public async Task The_filter_leaves_runs_that_hold_every_word_and_an_option_is_a_word()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Two());

        await page.Do("const box = document.querySelector('.board input[type=search]'); box.value = 'FIRST meanflow.lambda=1'; box.dispatchEvent(new Event('input'))");
        await page.Until($"{Points} === 4");

        (await page.Text("[...document.querySelectorAll('.board table')].at(-1).querySelector('tbody td').innerText")).Should().Be("first");
        (await page.Text("document.querySelector('.board tbody a').getAttribute('href')")).Should().Be("first.html");
    }

    [Fact]
    public async Task A_hundred_experiments_of_fifty_runs_open()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(BoardBuilder.Build([.. Enumerable.Range(0, 100).Select(Large)]));

        (await page.Number(Points)).Should().Be(5000);
        var opened = await page.Number("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"opened after {opened:0} ms"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_board_has_no_serious_obstacle(bool dark)
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(Two(), dark: dark);

        (await page.Browser.Obstacles()).Should().BeEmpty();
    }

    private static async Task Choose(OpenPage page, string label, string value) => await page.Do(
        $"const select = [...document.querySelectorAll('.board label')].find(label => label.firstChild.textContent === '{label}').querySelector('select');"
        + $"select.value = {value}; select.dispatchEvent(new Event('change'))");

    private static string Two() => BoardBuilder.Build(
    [
        new(
            "first", "first", ["paper"], [Arm("lambda=0", "0"), Arm("lambda=1", "1")],
            [
                .. Enumerable.Range(0, 8).Select(i => Run(i % 2, i / 2, [new("fid@1", "samples 5000", false, i % 2 + (i / 2) + 0.0)])),
                Run(0, 100, [new("fid@1", "samples 5000", false, 9)]) with { Pilot = true },
                Run(1, 9, []),
            ]),
        new("second", "second", [], [Arm("only", "0.5")], [.. Enumerable.Range(0, 2).Select(i => Run(0, i, [new("fid@1", "samples 10000", false, 0.5)]))]),
    ]);

    private static BoardEntry Large(int number) => new(
        $"experiment-{number}", "large", [], [.. Enumerable.Range(0, 10).Select(arm => Arm($"arm{arm}", $"{number + (arm / 10.0)}"))],
        [.. Enumerable.Range(0, 50).Select(run => Run(run % 10, run / 10,
            [.. Enumerable.Range(0, 12).Select(metric => new BoardValue($"metric{metric}@1", "samples 5000", false, number + (run * 0.01) + metric))]))]);

    private static BoardArm Arm(string name, string lambda) =>
        new(name, new Dictionary<string, string> { ["meanflow.lambda"] = lambda, ["same"] = "1" });

    private static BoardRun Run(int arm, long seed, IReadOnlyList<BoardValue> values) =>
        new(arm, seed, "completed", false, DateTimeOffset.UnixEpoch, values);
}
