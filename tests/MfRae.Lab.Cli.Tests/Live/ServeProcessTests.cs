using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Chaos;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>The verb <c>serve</c> in its own process.</summary>
public sealed class ServeProcessTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public ServeProcessTests() => _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

    public void Dispose() => _lab.Dispose();

    [Fact]
    public async Task Serve_prints_its_address_and_exits_with_code_0_after_ctrl_c()
    {
        Requires.Linux("signals and /proc");
        using var process = Start("--port", "0");
        var address = new Uri((await process.StandardOutput.ReadLineAsync())!);

        address.Host.Should().Be("127.0.0.1");
        (await Visit.Ask(address.Port, "/")).Body.Should().Contain("smoke.html");
        using var viewer = await Viewer.Open(address.Port, "/events");
        (await viewer.Next()).Should().NotBeNull();
        Interrupt(process);

        process.WaitForExit(60_000).Should().BeTrue();
        process.ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task Another_user_of_the_machine_is_refused()
    {
        Requires.Root();
        using var process = Start("--port", "0");
        var port = new Uri((await process.StandardOutput.ReadLineAsync())!).Port;
        var script = $"exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET / HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' >&3; cat <&3";
        using var other = Process.Start(new ProcessStartInfo("setpriv", ["--reuid=65534", "--clear-groups", "bash", "-c", script])
        {
            RedirectStandardOutput = true,
        })!;

        var answer = await other.StandardOutput.ReadToEndAsync();
        Interrupt(process);

        answer.Should().StartWith("HTTP/1.1 403").And.NotContain("smoke");
        process.WaitForExit(60_000).Should().BeTrue();
    }

    [Fact]
    public void The_address_is_printed_as_json()
    {
        Requires.Linux("signals and /proc");
        using var process = Start("--port", "0", "--json");
        var text = "";
        for (string? line = null; line != "}";)
            text += line = process.StandardOutput.ReadLine();
        Interrupt(process);

        var answer = JsonDocument.Parse(text).RootElement;
        answer.GetProperty("url").GetString().Should().Be($"http://127.0.0.1:{answer.GetProperty("port").GetInt32()}/");
        process.WaitForExit(60_000).Should().BeTrue();
    }

    [Fact]
    public void A_port_in_use_gives_exit_code_4_and_one_message()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var answer = _lab.Run("serve", "--port", $"{port}");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain($"port {port} is in use").And.Contain("--port");
        answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle();
        answer.Out.Should().BeEmpty();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("65536")]
    [InlineData("http")]
    public void An_invalid_port_is_a_usage_error(string port) =>
        _lab.Run("serve", "--port", port).Code.Should().Be(ExitCode.Usage);

    [Fact]
    public void A_missing_database_gives_exit_code_4()
    {
        var answer = _lab.Run("serve", "--port", "0", "--db", "none.db");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("none.db");
    }

    [Fact]
    public async Task Environment_variables_of_asp_net_change_nothing()
    {
        Requires.Linux("signals and /proc");
        // A server that listened on this port would fail.
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var other = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var process = LabProcess.Start(_lab.Path, ["serve", "--port", "0"], LabProcess.HeedsInterrupts, start =>
        {
            start.Environment["ASPNETCORE_URLS"] = start.Environment["DOTNET_URLS"] = $"http://127.0.0.1:{other}";
            start.Environment["ASPNETCORE_HTTP_PORTS"] = start.Environment["HTTP_PORTS"] = $"{other}";
            start.Environment["Kestrel__Endpoints__Other__Url"] = $"http://127.0.0.1:{other}";
            start.Environment["Logging__LogLevel__Default"] = "Trace";
            start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        });
        var port = new Uri((await process.StandardOutput.ReadLineAsync())!).Port;

        (await Visit.Ask(port, "/")).Status.Should().Be(200);
        Interrupt(process);
        var end = LabProcess.End(process);

        end.Code.Should().Be(ExitCode.Ok);
        end.Out.Should().BeEmpty();
        end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle("Kestrel logs nothing");
    }

    private Process Start(params string[] args) => LabProcess.Start(_lab.Path, ["serve", .. args], before: LabProcess.HeedsInterrupts);

    private static void Interrupt(Process process) => Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
}
