using System.Net;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class NotifyTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public async Task An_address_receives_json_when_the_run_has_ended_and_is_never_recorded()
    {
        using var listener = new HttpListener();
        var port = FreePort();
        var address = $"http://127.0.0.1:{port}/hook/s3cr3t";
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var received = Receive(listener, 200);

        var answer = _lab.Run(Smoke, "--notify", address);

        answer.Code.Should().Be(ExitCode.Ok);
        using var json = JsonDocument.Parse(await received);
        json.RootElement.GetProperty("experiment").GetString().Should().Be("smoke");
        json.RootElement.GetProperty("status").GetString().Should().Be("completed");
        json.RootElement.GetProperty("text").GetString().Should().StartWith("smoke completed: ");
        json.RootElement.GetProperty("completed").GetInt32().Should().Be(json.RootElement.GetProperty("stages").GetInt32());
        (answer.Out + answer.Error).Should().NotContain("s3cr3t");
        _lab.Run("query", "select command from attempts").Out.Should().Contain("--notify ***").And.NotContain("s3cr3t");
    }

    [Fact]
    public async Task An_address_that_refuses_changes_neither_result_nor_exit_code()
    {
        using var listener = new HttpListener();
        var port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var received = Receive(listener, 403);

        var answer = _lab.Run(Smoke, "--notify", $"http://127.0.0.1:{port}/s3cr3t");

        await received;
        answer.Code.Should().Be(ExitCode.Ok);
        answer.Error.Should().Contain("the notification was not sent: the address answered with status 403").And.NotContain("s3cr3t");
    }

    [Fact]
    public void A_command_finds_the_message_in_its_environment_and_a_failure_is_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the command is one of a POSIX shell");
        _lab.OnStage = context => throw new InvalidOperationException("broken");

        var answer = _lab.Run(Smoke, "--notify", """printf '%s|%s|%s' "$MFRAE_EXPERIMENT" "$MFRAE_STATUS" "$MFRAE_TEXT" > told""");

        answer.Code.Should().Be(ExitCode.RunsFailed);
        File.ReadAllText(_lab.At("told")).Should().StartWith("smoke|failed|smoke failed: 0 of ");
    }

    [Fact]
    public void A_command_that_fails_is_named_with_its_exit_code()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the command is one of a POSIX shell");
        _lab.Run(Smoke, "--notify", "exit 7").Error.Should().Contain("the notification was not sent: the command ended with exit code 7");
    }

    [Fact]
    public void A_missing_variable_and_a_wrong_address_are_found_before_the_run()
    {
        _lab.Run(Smoke, "--notify", "env:MFRAE_TEST_NOT_SET").Error.Should().Contain("the environment variable MFRAE_TEST_NOT_SET is not set");
        _lab.Run(Smoke, "--notify", "https://").Error.Should().Contain("the address is not valid");
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    private static async Task<string> Receive(HttpListener listener, int status)
    {
        var context = await listener.GetContextAsync();
        using var reader = new StreamReader(context.Request.InputStream);
        var body = await reader.ReadToEndAsync();
        context.Response.StatusCode = status;
        context.Response.Close();
        return body;
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
