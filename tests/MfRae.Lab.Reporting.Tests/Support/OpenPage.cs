using System.Globalization;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A page in a separate browser, with the actions of a reader: look, click, press keys, drag.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfrae-report").FullName;

    private OpenPage(BrowserPage browser) => Browser = browser;

    public BrowserPage Browser { get; }

    public Uri Address { get; private set; } = new("about:blank");

    public static Task<OpenPage> Report(ExperimentRecord record, int width = 1280, bool dark = false) =>
        Of(ReportBuilder.Build(record), width, dark);

    /// <param name="script">Whether the page's scripts run; expressions of tests always run.</param>
    public static async Task<OpenPage> Of(string html, int width = 1280, bool dark = false, bool script = true)
    {
        var page = new OpenPage(await BrowserPage.Start());
        await page.Browser.Script(script);
        await page.Show(html, width, dark);
        await page.Browser.Script(enabled: true);
        return page;
    }

    /// <summary>Puts another page in the place of this one, in the same browser.</summary>
    public async Task Show(string html, int width = 1280, bool dark = false)
    {
        var path = Path.Combine(_folder, "page.html");
        await File.WriteAllTextAsync(path, html);
        Address = new(path);
        await Browser.Open(Address, width, dark);
        await Do("document.documentElement.style.scrollBehavior = 'auto'");
    }

    public async Task Do(string script) => await Browser.Evaluate($"{{ {script}; 0 }}");

    /// <summary>An expression whose value is a text.</summary>
    public async Task<string> Text(string expression) => (string?)await Browser.Evaluate(expression) ?? "";

    public async Task<double> Number(string expression) => (double)(await Browser.Evaluate(expression))!;

    public async Task<bool> Holds(string expression) => (bool)(await Browser.Evaluate(expression))!;

    /// <summary>Waits until a condition holds.</summary>
    public async Task Until(string condition)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !await Holds(condition); await Task.Delay(20))
        {
            waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30), condition);
        }
    }

    public async Task Focus(string selector) => await Do($"document.querySelector({Quote(selector)}).focus()");

    /// <summary>Moves the pointer to a place in an element, as fractions of its width and height.</summary>
    public async Task Point(string selector, double across = 0.5, double down = 0.5)
    {
        var (x, y) = await Place(selector, across, down);
        await Browser.MoveMouse(x, y);
    }

    public async Task Click(string selector)
    {
        var (x, y) = await Place(selector, 0.5, 0.5);
        await Browser.PressMouse(x, y);
        await Browser.ReleaseMouse(x, y);
    }

    public async Task Drag(string selector, (double Across, double Down) from, (double Across, double Down) to)
    {
        var (x, y) = await Place(selector, from.Across, from.Down);
        var (right, bottom) = await Place(selector, to.Across, to.Down);
        await Browser.PressMouse(x, y);
        await Browser.MoveMouse(right, bottom);
        await Browser.ReleaseMouse(right, bottom);
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<(double X, double Y)> Place(string selector, double across, double down)
    {
        var element = $"document.querySelector({Quote(selector)})";
        await Do($"{element}.scrollIntoView({{ block: 'center' }})");
        return (
            await Number(FormattableString.Invariant($"(r => r.x + {across} * r.width)({element}.getBoundingClientRect())")),
            await Number(FormattableString.Invariant($"(r => r.y + {down} * r.height)({element}.getBoundingClientRect())")));
    }

    private static string Quote(string text) => string.Create(CultureInfo.InvariantCulture, $"`{text}`");
}
