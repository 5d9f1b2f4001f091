using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Browser;

/// <summary>The browser of samples: two sheets by arm, steps and seed, one class or all, with a movable border or as a difference.</summary>
public sealed class SampleBrowserTests
{
    private const int Side = 28;
    private const int Columns = 10;
    private const int Rows = 4;
    private const string Said = "document.querySelector('.browser output').textContent";
    private const string Canvas = "document.querySelector('.browser canvas')";

    /// <summary>Arm a is a grey of 100 + 10 a, with class 3 brighter by 50; its second seed is darker by 40.</summary>
    private static ExperimentRecord Record
    {
        get
        {
            var record = SampleRecord.Sweep([0, 0.5], seeds: 2, steps: 4, diverged: false);
            return record with
            {
                Stages =
                [
                    .. record.Stages.Select(stage => stage.Kind switch
                    {
                        "dataset" => stage with { DefinitionJson = """{"stage":"dataset","dataset":{"kind":"idx","path":"data"}}""" },
                        "sampling" when stage.Label.StartsWith("sampling", StringComparison.Ordinal) =>
                            stage with { Images = [.. stage.Images.Select(image => Sheet(image, stage.Label))] },
                        _ => stage,
                    }),
                ],
            };
        }
    }

    [Fact]
    public async Task Two_arms_are_compared_at_the_same_place_with_their_mean_difference()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(Record);
        await Drawn(page);

        (await page.Text(Said)).Should().Be("A: lambda=0, 1 step, seed 0. B: lambda=0.5, 1 step, seed 0. Mean absolute difference 10 of 255.");
        (await page.Text($"{Canvas}.getAttribute('aria-label')")).Should().StartWith("A on the left of the border, B on the right.");
        (await Pixel(page, 0.05, 0.02)).Should().Be(100, "the left half is A");
        (await Pixel(page, 0.95, 0.02)).Should().Be(110, "the right half is B");
    }

    [Fact]
    public async Task The_border_moves_with_arrow_keys_and_with_the_pointer()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(Record);
        await Drawn(page);
        await page.Focus(".browser input[type=range]");

        await page.Browser.Key("Home");
        (await Pixel(page, 0.05, 0.02)).Should().Be(110, "all of it is B");
        (await page.Text("document.activeElement.getAttribute('aria-valuetext')")).Should().Be("0 % A");
        await page.Browser.Key("End");
        (await Pixel(page, 0.95, 0.02)).Should().Be(100, "all of it is A");

        await page.Click(".browser canvas");
        (await page.Number("document.querySelector('.browser input[type=range]').value * 1")).Should().BeApproximately(50, 1);
    }

    [Fact]
    public async Task A_class_shows_only_its_column_and_a_difference_is_drawn_as_an_image()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(Record);
        await Drawn(page);

        await Choose(page, "Class", "3");
        (await page.Text(Said)).Should().Contain("Class 3.");
        (await page.Number($"{Canvas}.width / {Canvas}.height")).Should().BeApproximately(((Rows * (Side + 1)) - 1) / (double)Side, 0.01, "the samples of a class are a row");
        (await Pixel(page, 0.05, 0.5)).Should().Be(150);

        await Choose(page, "View", "difference");
        (await Pixel(page, 0.05, 0.5)).Should().Be(10);
        (await page.Holds("document.querySelector('.browser input[type=range]').disabled")).Should().BeTrue();
    }

    [Fact]
    public async Task Another_seed_can_be_chosen_and_both_sides_can_be_swapped()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(Record);
        await Drawn(page);

        await Choose(page, "B: seed", "1");
        (await page.Text(Said)).Should().Contain("B: lambda=0.5, 1 step, seed 1. Mean absolute difference 30 of 255");
        await Choose(page, "B: steps", "2 steps");
        (await page.Text(Said)).Should().Contain("B: lambda=0.5, 2 steps, seed 1");
        await page.Do("[...document.querySelectorAll('.browser button')].find(one => one.textContent.startsWith('Swap')).click()");
        (await page.Text(Said)).Should().StartWith("A: lambda=0.5, 2 steps, seed 1. B: lambda=0, 1 step, seed 0.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_has_no_obstacles_for_assistive_technology(bool dark)
    {
        Requires.Chromium();
        await using var page = await OpenPage.Report(Record, dark: dark);
        await Drawn(page);
        await page.Do("document.querySelector('details.further').open = true");

        (await page.Browser.Obstacles("#samples")).Should().BeEmpty();
    }

    [Fact]
    public async Task Without_scripts_the_sheets_of_all_seeds_are_there_and_no_browser()
    {
        Requires.Chromium();
        await using var page = await OpenPage.Of(ReportBuilder.Build(Record), script: false);

        (await page.Number("document.querySelectorAll('.browser').length")).Should().Be(0);
        (await page.Number("document.querySelectorAll('#samples .sheet[data-seed] img').length")).Should().Be(8, "two arms, two seeds, two numbers of steps");
        (await page.Text("document.querySelector('details.further .sheet figcaption').textContent")).Should().Be("lambda=0 baseline 1 step, seed 1");
    }

    private static ImageRecord Sheet(ImageRecord image, string label)
    {
        var level = 100 + (label.Contains("0.5", StringComparison.Ordinal) ? 10 : 0) - (label.EndsWith("seed 1", StringComparison.Ordinal) ? 40 : 0);
        return new(image.Name, "samples; columns are classes", Png.Grey((Columns * (Side + 1)) - 1, (Rows * (Side + 1)) - 1, (x, y) =>
            x % (Side + 1) == Side || y % (Side + 1) == Side ? byte.MaxValue : (byte)(x / (Side + 1) == 3 ? level + 50 : level)));
    }

    private static async Task Drawn(OpenPage page) =>
        await page.Browser.Evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => 0))).then(() => new Promise(done => setTimeout(done, 50))).then(() => 0)");

    private static async Task Choose(OpenPage page, string name, string value) => await page.Do(
        $"const list = document.querySelector('.browser select[aria-label=\"{name}\"]'); list.value = '{value}'; list.dispatchEvent(new Event('change'))");

    /// <summary>The brightness of the canvas at fractions of its width and height.</summary>
    private static async Task<double> Pixel(OpenPage page, double across, double down) => await page.Number(FormattableString.Invariant(
        $"{Canvas}.getContext('2d').getImageData(Math.round({Canvas}.width * {across}), Math.round({Canvas}.height * {down}), 1, 1).data[0]"));
}
