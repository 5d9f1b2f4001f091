using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

public sealed class CurveTests
{
    private const string Chart = "#curves .chart.lines";
    private const string Plot = Chart + " .plot";
    private const string Readout = "document.querySelector('#curves .chart.lines .readout').textContent";
    private const string Ticks = "[...document.querySelectorAll('#curves .chart.lines svg > .ticks.x')][0].textContent + ' ' "
        + "+ document.querySelector('#curves .chart.lines svg > .ticks.y').textContent";

    private const string Line = "document.querySelector('#curves .chart.lines .line.a1').getAttribute('d')";

    [Fact]
    public async Task Pointing_at_a_curve_reads_out_its_step_and_every_arm_and_marks_the_step_in_the_charts_beside_it()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());

        await page.Point(Plot);

        (await page.Text(Readout)).Should().StartWith("step 4,").And.Contain("lambda=0: ").And.Contain("lambda=1: ").And.Contain(" to ");
        (await page.Number("new Set([...document.querySelectorAll('#curves .group .cursor[visibility=visible]')]"
            + ".map(cursor => cursor.getAttribute('d'))).size")).Should().Be(1, "charts of one group share their steps");
        (await page.Number("document.querySelectorAll('#curves .group .cursor[visibility=visible]').length")).Should().Be(4);

        await page.Point("h1");
        (await page.Number("document.querySelectorAll('.cursor[visibility=visible]').length")).Should().Be(0);
    }

    [Fact]
    public async Task Dragging_over_a_curve_zooms_and_a_double_click_or_the_button_undoes_it()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        var (ticks, line) = (await page.Text(Ticks), await page.Text(Line));

        foreach (var undo in new[] { $"document.querySelector('{Chart} svg').dispatchEvent(new MouseEvent('dblclick'))",
            $"[...document.querySelectorAll('{Chart} .tool')].find(button => button.textContent === 'reset').click()" })
        {
            await page.Drag(Plot, (0.2, 0.2), (0.5, 0.7));
            (await page.Text(Ticks)).Should().NotBe(ticks).And.Contain("2,000");
            (await page.Text(Line)).Should().NotBe(line);

            await page.Do(undo);
            (await page.Text(Ticks)).Should().Be(ticks);
            (await page.Text(Line)).Should().Be(line);
        }
    }

    [Fact]
    public async Task Keys_read_a_curve_and_zoom_it()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        var ticks = await page.Text(Ticks);
        await page.Focus($"{Chart} svg");

        await page.Browser.Key("ArrowRight");
        (await page.Text(Readout)).Should().StartWith("step 2").And.Contain("lambda=0: ");
        var first = await page.Text(Readout);
        await page.Browser.Key("ArrowRight", shift: true);
        (await page.Text(Readout)).Should().NotBe(first);

        await page.Browser.Key("+");
        (await page.Text(Ticks)).Should().NotBe(ticks);
        await page.Browser.Key("0");
        (await page.Text(Ticks)).Should().Be(ticks);

        await page.Browser.Key("Escape");
        (await page.Holds($"document.querySelector('{Chart} .readout').hidden")).Should().BeTrue();
    }

    [Fact]
    public async Task Axes_turn_logarithmic_and_back()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        var (ticks, line) = (await page.Text(Ticks), await page.Text(Line));
        const string Title = "document.querySelector('#curves .chart.lines figcaption').textContent";

        await page.Click($"{Chart} .tool:nth-child(2)");
        (await page.Text(Title)).Should().Be("Loss (log steps)");
        await page.Click($"{Chart} .tool:nth-child(3)");
        (await page.Text(Title)).Should().Be("Loss (log, log)");
        (await page.Text(Ticks)).Should().Contain("10").And.NotBe(ticks);
        (await page.Text("document.querySelector('#curves .chart.lines .tool:nth-child(2)').ariaPressed")).Should().Be("true");

        await page.Click($"{Chart} .tool:nth-child(2)");
        await page.Click($"{Chart} .tool:nth-child(3)");
        (await page.Text(Ticks)).Should().Be(ticks);
        (await page.Text(Line)).Should().Be(line);
    }

    [Fact]
    public async Task Smoothing_calms_a_curve_without_moving_its_level()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        const string Heights = "(path => path.match(/[\\d.]+(?=L|$)/g).map(Number).slice(100))";
        const string Roughness = Heights + "(" + Line + ").reduce((sum, y, i, all) => sum + (i ? Math.abs(y - all[i - 1]) : 0), 0)";
        const string Level = Heights + "(" + Line + ").reduce((sum, y, i, all) => sum + y / all.length, 0)";
        var (rough, level) = (await page.Number(Roughness), await page.Number(Level));

        await page.Do("{ const slider = document.querySelector('#curves .tools input[type=range]'); slider.value = 0.9; "
            + "slider.dispatchEvent(new Event('input')); }");

        (await page.Number(Roughness)).Should().BeLessThan(rough / 3);
        (await page.Number(Level)).Should().BeApproximately(level, 4);
        (await page.Text("document.querySelector('#curves .tools output').textContent")).Should().Be("0.9");
    }

    [Fact]
    public async Task Seeds_are_drawn_on_demand()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Realistic());
        const string Seeds = "document.querySelectorAll('#curves .chart.lines .one.a1').length";
        (await page.Number(Seeds)).Should().Be(0);

        await page.Click("#curves .group .tools input[type=checkbox]");

        (await page.Number(Seeds)).Should().Be(8, "two seeds in each of four charts");
    }

    [Fact]
    public async Task A_legend_entry_hides_its_arm_in_every_chart()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(SampleRecord.Small());
        const string Hidden = "[...document.querySelectorAll('.chart .a1')].filter(node => getComputedStyle(node).display === 'none').length";
        var all = await page.Number("document.querySelectorAll('.chart .a1').length");
        all.Should().BeGreaterThan(10);

        await page.Focus("#curves .key.a1");
        await page.Browser.Key("Enter");

        (await page.Number(Hidden)).Should().Be(all);
        (await page.Text("[...new Set([...document.querySelectorAll('.key.a1')].map(key => key.ariaPressed))].join()")).Should().Be("false");
        (await page.Text("getComputedStyle(document.querySelector('#curves .chart .line.a0')).display")).Should().NotBe("none");
        await page.Point(Plot);
        (await page.Text(Readout)).Should().Contain("lambda=0:").And.NotContain("lambda=0.5:");

        await page.Click("#curves .key.a1");
        (await page.Number(Hidden)).Should().Be(0);
    }
}
