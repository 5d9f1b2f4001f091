using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class TableTests
{
    private const string Arms = "[...document.querySelector('table.results').tBodies].map(arm => arm.dataset.arm).join(' ')";
    private const string Fid = "table.results th[data-key='fid@1']";
    private const string Written = "lambda=0 lambda=0.5 lambda=1";

    [Fact]
    public async Task A_header_sorts_best_first_then_worst_first_then_as_written()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());

        await page.Click($"{Fid} button");
        (await page.Text(Arms)).Should().Be("lambda=0.5 lambda=1 lambda=0");
        (await page.Text($"document.querySelector(\"{Fid}\").ariaSort")).Should().Be("ascending");

        await page.Click($"{Fid} button");
        (await page.Text(Arms)).Should().Be("lambda=0 lambda=1 lambda=0.5");
        (await page.Text($"document.querySelector(\"{Fid}\").ariaSort")).Should().Be("descending");

        await page.Click($"{Fid} button");
        (await page.Text(Arms)).Should().Be(Written);
        (await page.Holds($"document.querySelector(\"{Fid}\").ariaSort === null")).Should().BeTrue();
    }

    [Fact]
    public async Task The_names_of_arms_and_columns_stay_in_view()
    {
        Requires.Chromium();
        const string Box = "document.querySelector('.scroll:has(> .results)')";
        const string Places = "(box => ['thead th', 'tbody th', 'thead th:last-child'].map(css => box.querySelector(css).getBoundingClientRect())"
            + $".flatMap(at => [at.left, at.top]).map(Math.round))({Box})";
        await using var page = await OpenPage.Report(
            SampleRecord.Sweep([.. Enumerable.Range(0, 30).Select(at => at / 32d)], seeds: 1, steps: 2, diverged: false), width: 400);
        await page.Do($"{Box}.scrollIntoView()");
        var before = (await page.Browser.Evaluate(Places))!.AsArray();

        await page.Do($"{Box}.scrollTo(200, 300)");

        var after = (await page.Browser.Evaluate(Places))!.AsArray();
        after.Take(3).Select(at => (int)at!).Should().Equal(before.Take(3).Select(at => (int)at!), "the corner and the arms' left edge");
        ((int)after[3]!).Should().Be((int)before[3]! - 300, "the first arm is scrolled away");
        ((int)after[4]!).Should().Be((int)before[4]! - 200, "so is the first metric");
        ((int)after[5]!).Should().Be((int)before[5]!, "its header's height stays");
    }

    [Fact]
    public async Task Keys_sort_as_clicks_do_and_arms_are_in_the_order_of_their_numbers()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Sweep([10, 9, 0], seeds: 1, steps: 4, diverged: false));

        await page.Focus("table.results th button");
        await page.Browser.Key("Enter");
        (await page.Text(Arms)).Should().Be("lambda=0 lambda=9 lambda=10");

        await page.Browser.Key(" ");
        (await page.Text(Arms)).Should().Be("lambda=10 lambda=9 lambda=0");
    }

    [Fact]
    public async Task An_arm_without_a_value_stands_last_either_way()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Sweep([0, 0.5, 1], seeds: 1, steps: 4, diverged: true));

        foreach (var expected in new[] { "lambda=0.5 lambda=0 lambda=1", "lambda=0 lambda=0.5 lambda=1" })
        {
            await page.Click($"{Fid} button");
            (await page.Text(Arms)).Should().Be(expected);
        }
    }

    [Fact]
    public async Task A_column_can_be_left_out_of_the_table_and_of_copies()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());

        await page.Click(".columns summary");
        await page.Click(".columns input[value='fid.train@1']");

        (await page.Number("document.querySelector('table.results').rows[0].querySelectorAll('th:not([hidden])').length")).Should().Be(5);
        (await page.Number("document.querySelector('table.results').rows[2].querySelectorAll('td:not([hidden])').length")).Should().Be(4);
        (await Copy(page, "CSV")).Should().NotContain("fid.train");
    }

    [Fact]
    public async Task A_table_is_copied_as_it_is_seen()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());
        await page.Click($"{Fid} button");

        var csv = (await Copy(page, "CSV")).Split("\r\n");
        csv[0].Should().StartWith("arm,fid@1,fid@1 sd,fid@1 95 % half-width,fid@1 n,fid.train@1");
        csv[1].Should().StartWith("lambda=0.5,9.8").And.Contain(",2,");
        (await Copy(page, "LaTeX")).Should().StartWith("\\begin{tabular}{lrrrrr}\n\\toprule\nArm & FID $\\downarrow$")
            .And.Contain("lambda=0.5 & $\\mathbf{").And.Contain("\\pm").And.EndWith("\\end{tabular}\n");
        (await Copy(page, "Markdown")).Split('\n')[2].Should().StartWith("| lambda=0.5 | **9.8");
        (await page.Text("document.querySelector('#results > .tools output').textContent")).Should().Be("copied as Markdown");
    }

    [Fact]
    public async Task The_page_writes_the_csv_of_the_golden_file()
    {
        Requires.Chromium();
        string golden = Repository.File("tests/Golden/csv");
        await using var page = await OpenPage.Report(SampleRecord.Small());

        var csv = await page.Text($"lab.csv({await File.ReadAllTextAsync(Path.Combine(golden, "cells.json"))})");

        csv.Should().Be(await File.ReadAllTextAsync(Path.Combine(golden, "cells.csv")));
    }

    [Fact]
    public async Task A_command_is_copied_as_it_stands_and_is_text_without_scripts()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());
        await page.Do("Object.defineProperty(navigator, 'clipboard', { configurable: true, "
            + "value: { writeText: async text => { window.copied = text; } } })");

        await page.Do("document.querySelector('#results .sql').open = true");
        await page.Click("#results .sql .tools button");

        (await page.Text("window.copied")).Should().StartWith("dotnet run -- query \"select arm, metric,").And.EndWith("ablation-lambda';\"");
        (await page.Text("document.querySelector('#results .sql output').textContent")).Should().Be("copied");

        await using var plain = await OpenPage.Of(ReportBuilder.Build(SampleRecord.Small()), script: false);
        (await plain.Number("document.querySelectorAll('.sql button').length")).Should().Be(0);
        (await plain.Text("document.querySelector('#results .command').textContent")).Should().StartWith("dotnet run -- query");
    }

    [Fact]
    public async Task An_arm_unfolds_into_its_seeds_also_without_scripts()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(ReportBuilder.Build(SampleRecord.Small()), script: false);
        const string Seen = "[...document.querySelectorAll('table.results')][0].querySelectorAll('tr.seed').values()"
            + ".filter(row => row.offsetHeight > 0).map(row => row.cells[0].textContent).toArray().join(' ')";
        (await page.Text(Seen)).Should().BeEmpty();

        await page.Click("table.results tbody:last-of-type summary");

        (await page.Text(Seen)).Should().Be("seed 0 seed 1diverged");
        (await page.Number("document.querySelectorAll('.tools, .sort').length")).Should().Be(0, "what only scripts can do is not offered");
    }

    /// <summary>The text that a button copies. A headless browser has no clipboard, so the test replaces it.</summary>
    private static async Task<string> Copy(OpenPage page, string name)
    {
        await page.Do("Object.defineProperty(navigator, 'clipboard', { configurable: true, "
            + "value: { writeText: async text => { window.copied = text; } } })");
        await page.Do($"[...document.querySelectorAll('.tools button')].find(button => button.textContent === '{name}').click()");
        return await page.Text("window.copied");
    }
}
