using System.Text.Json;
using System.Text.Json.Nodes;
using Deque.AxeCore.Commons;
using PuppeteerSharp;
using PuppeteerSharp.Input;
using PuppeteerSharp.Media;

namespace MfRae.Lab.TestSupport;

/// <summary>A page in a headless Chromium: the addresses that it requests, the errors that it logs, and the actions of a reader.</summary>
public sealed class BrowserPage : IAsyncDisposable
{
    private readonly IBrowser _browser;
    private readonly IPage _page;
    private readonly List<string> _requests = [];
    private readonly List<string> _complaints = [];

    private BrowserPage(IBrowser browser, IPage page)
    {
        _browser = browser;
        _page = page;
        page.Request += (_, request) => Add(_requests, request.Request.Url);
        page.Console += (_, message) => Add(_complaints, $"{message.Message.Type}: {message.Message.Text}");
        page.PageError += (_, error) => Add(_complaints, error.Message);
    }

    /// <summary>The path of the browser: CHROMIUM, or a program on the PATH; null if no browser is found.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
            return File.Exists(named) ? named : null;

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return new[] { "chromium", "chromium-browser", "google-chrome", "chrome.exe" }
            .SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    public static async Task<BrowserPage> Start()
    {
        var browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = Find(),
            Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars"],
        });
        return new(browser, await browser.NewPageAsync());
    }

    /// <summary>Loads a page at a width in pixels and returns after its load event.</summary>
    public async Task Open(Uri page, int width, bool dark = false)
    {
        lock (_requests)
            _requests.Clear();
        lock (_complaints)
            _complaints.Clear();
        await Resize(width);
        await _page.EmulateMediaFeaturesAsync(
            [new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = dark ? "dark" : "light" }]);
        await _page.GoToAsync(page.AbsoluteUri, WaitUntilNavigation.Load);
    }

    public Task Resize(int width) => _page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 900 });

    /// <param name="type">screen or print.</param>
    public Task Media(string type) => _page.EmulateMediaTypeAsync(type == "print" ? MediaType.Print : MediaType.Screen);

    /// <summary>The addresses that the page requested since it was opened, without data: images.</summary>
    public IReadOnlyList<string> Requests()
    {
        lock (_requests)
            return [.. _requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal))];
    }

    /// <summary>Messages of the console and uncaught errors since the page was opened; violations of the content policy are among them.</summary>
    public IReadOnlyList<string> Complaints()
    {
        lock (_complaints)
            return [.. _complaints];
    }

    /// <summary>The value of an expression, or the result of a promise, as JSON.</summary>
    public async Task<JsonNode?> Evaluate(string script)
    {
        var value = await _page.EvaluateExpressionAsync<JsonElement?>(script);
        return value is { ValueKind: not JsonValueKind.Undefined } element ? JsonNode.Parse(element.GetRawText()) : null;
    }

    /// <summary>Rules of axe-core that are broken seriously or critically, each with the first element that breaks it; empty without one.</summary>
    /// <param name="part">A selector of the part that is examined.</param>
    public async Task<string> Obstacles(string part = ":root")
    {
        await Evaluate(new BundledAxeScriptProvider().GetScript() + "; 0");
        return (string?)await Evaluate($"axe.run({JsonSerializer.Serialize(part)}, {{ resultTypes: ['violations'] }}).then(result => result.violations"
            + ".filter(rule => rule.impact === 'serious' || rule.impact === 'critical')"
            + ".map(rule => `${rule.id} (${rule.nodes.length}): ${rule.nodes[0].html.slice(0, 160)} ${rule.nodes[0].failureSummary}`).join('\\n'))") ?? "";
    }

    public Task MoveMouse(double x, double y) => _page.Mouse.MoveAsync((decimal)x, (decimal)y);

    public async Task PressMouse(double x, double y)
    {
        await MoveMouse(x, y);
        await _page.Mouse.DownAsync();
    }

    public async Task ReleaseMouse(double x, double y)
    {
        await MoveMouse(x, y);
        await _page.Mouse.UpAsync();
    }

    /// <param name="key">A name of KeyboardEvent.key: Enter, Escape, ArrowLeft, a letter.</param>
    public async Task Key(string key, bool shift = false)
    {
        if (shift)
            await _page.Keyboard.DownAsync("Shift");
        await _page.Keyboard.PressAsync(key == " " ? "Space" : key);
        if (shift)
            await _page.Keyboard.UpAsync("Shift");
    }

    /// <returns>A PNG.</returns>
    public Task<byte[]> Screenshot(bool whole = true) =>
        _page.ScreenshotDataAsync(new ScreenshotOptions { Type = ScreenshotType.Png, FullPage = whole });

    public Task Script(bool enabled) => _page.SetJavaScriptEnabledAsync(enabled);

    public async ValueTask DisposeAsync() => await _browser.DisposeAsync();

    private static void Add(List<string> list, string text)
    {
        lock (list)
            list.Add(text);
    }
}
