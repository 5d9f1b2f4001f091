using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>
/// A headless browser, spoken to by its own debugging protocol: what a page asks of the network, and what it complains of.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly List<JsonNode> _events = [];
    private string? _session;
    private int _last;

    private Chromium(Process process, string profile) => (this._process, this._profile) = (process, profile);

    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : null;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return new[] { "chromium", "chromium-browser", "google-chrome", "chrome.exe" }
            .SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    public static async Task<Chromium> Start()
    {
        var profile = Directory.CreateTempSubdirectory("mfrae-browser").FullName;
        var start = new ProcessStartInfo(Find()!) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={profile}",
                "about:blank",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        var browser = new Chromium(Process.Start(start)!, profile);
        await browser.Connect();
        return browser;
    }

    /// <summary>Loads a page at a width and returns when it has loaded.</summary>
    public async Task Open(Uri page, int width, bool dark = false)
    {
        _events.Clear();
        await Resize(width);
        await Call("Emulation.setEmulatedMedia", new()
        {
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
        });
        await Call("Page.navigate", new() { ["url"] = page.AbsoluteUri });
        while (!_events.Any(one => Method(one) == "Page.loadEventFired"))
        {
            _events.Add(await Receive());
        }
    }

    public async Task Resize(int width) => await Call("Emulation.setDeviceMetricsOverride",
        new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });

    /// <param name="type">screen or print.</param>
    public async Task Media(string type) => await Call("Emulation.setEmulatedMedia", new() { ["media"] = type });

    /// <summary>Addresses the page asked for, but for data: images.</summary>
    public IReadOnlyList<string> Requests() =>
        [.. _events.Where(one => Method(one) == "Network.requestWillBeSent").Select(one => (string)one["params"]!["request"]!["url"]!).Where(
            url => !url.StartsWith("data:"))];

    /// <summary>Errors and warnings of the console, refusals of the content policy among them.</summary>
    public IReadOnlyList<string> Complaints() =>
        [.. _events.Where(one => Method(one) is "Runtime.exceptionThrown" or "Runtime.consoleAPICalled" or "Log.entryAdded").Select(
            one => one.ToJsonString())];

    /// <summary>The value of an expression; that of a promise is waited for.</summary>
    public async Task<JsonNode?> Evaluate(string script)
    {
        var answer = await Call(
            "Runtime.evaluate", new() { ["expression"] = script, ["returnByValue"] = true, ["awaitPromise"] = true });
        answer["exceptionDetails"].Should().BeNull($"{script} should run");
        return answer["result"]!["value"];
    }

    public async Task Mouse(string type, double x, double y, string button = "none") =>
        await Call("Input.dispatchMouseEvent", new()
        {
            ["type"] = type,
            ["x"] = x,
            ["y"] = y,
            ["button"] = button,
            ["buttons"] = button == "left" ? 1 : 0,
            ["clickCount"] = button == "left" ? 1 : 0
        });

    /// <param name="key">As the page is told: Enter, Escape, ArrowLeft, a letter.</param>
    public async Task Key(string key, bool shift = false)
    {
        var code = key switch
        {
            "Enter" => 13,
            "Tab" => 9,
            "Escape" => 27,
            " " => 32,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => key[0],
        };
        var text = key == "Enter" ? "\r" : key.Length == 1 ? key : null;
        foreach (var type in new[] { text is null ? "rawKeyDown" : "keyDown", "keyUp" })
        {
            var press = new JsonObject
            {
                ["type"] = type,
                ["key"] = key,
                ["code"] = key,
                ["windowsVirtualKeyCode"] = code,
                ["modifiers"] = shift ? 8 : 0,
            };
            if (text is not null && type == "keyDown")
            {
                press["text"] = text;
            }

            await Call("Input.dispatchKeyEvent", press);
        }
    }

    public async Task<byte[]> Screenshot(bool whole = true)
    {
        var answer = await Call("Page.captureScreenshot", new() { ["format"] = "png", ["captureBeyondViewport"] = whole });
        return Convert.FromBase64String((string)answer["data"]!);
    }

    public async Task Script(bool enabled) => await Call("Emulation.setScriptExecutionDisabled", new() { ["value"] = !enabled });

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A helper process of the browser may still be closing its files; the system clears its temporary folder.
        }
    }

    private static string? Method(JsonNode message) => (string?)message["method"];

    private async Task Connect()
    {
        const string Marker = "DevTools listening on ";
        string? address = null;
        while (address is null && await _process.StandardError.ReadLineAsync() is { } line)
        {
            address = line.StartsWith(Marker) ? line[Marker.Length..] : null;
        }

        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        await _socket.ConnectAsync(
            new Uri(address ?? throw new InvalidOperationException("the browser ended without opening its debugging port")), default);
        var target = await Call("Target.createTarget", new() { ["url"] = "about:blank" });
        var attached = await Call("Target.attachToTarget", new() { ["targetId"] = (string)target["targetId"]!, ["flatten"] = true });
        _session = (string)attached["sessionId"]!;
        foreach (var domain in new[] { "Page", "Network", "Runtime", "Log" })
        {
            await Call($"{domain}.enable", []);
        }
    }

    private async Task<JsonNode> Call(string method, JsonObject parameters)
    {
        var id = ++_last;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (_session is not null)
        {
            message["sessionId"] = _session;
        }

        await _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, default);
        while (true)
        {
            var answer = await Receive();
            if ((int?)answer["id"] != id)
            {
                _events.Add(answer);
                continue;
            }

            answer["error"].Should().BeNull($"the browser should know {method}");
            return answer["result"]!;
        }
    }

    private async Task<JsonNode> Receive()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var message = new MemoryStream();
        var buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, patience.Token);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);

        return JsonNode.Parse(message.ToArray()) ?? throw new JsonException("the browser sent nothing");
    }
}
