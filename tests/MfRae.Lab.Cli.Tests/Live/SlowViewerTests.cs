using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class SlowViewerTests : IDisposable
{
    private readonly ServedLab _served = new(Impatient);

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task A_request_that_is_not_completed_in_time_is_refused()
    {
        var answer = await Visit.Raw(_served.Port, $"GET / HTTP/1.1\r\nHost: 127.0.0.1:{_served.Port}\r\n");

        answer.Status.Should().Be(408);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n\r\n")]
    public async Task A_connection_without_a_request_is_closed(string text) =>
        (await Visit.Raw(_served.Port, text)).Status.Should().Be(0);

    [Fact]
    public async Task A_viewer_who_does_not_read_the_answer_is_disconnected()
    {
        // More than the buffers of both sockets hold.
        var image = await _served.LinkImage("smoke", 16 << 20);
        using var client = await Visit.Connect(_served.Port, receiveBuffer: 4096);

        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {image} HTTP/1.1\r\nHost: 127.0.0.1:{_served.Port}\r\n\r\n"));

        await _served.Until(() => _served.Server.Load.Open == 1);
        await _served.Until(() => _served.Server.Load.Open == 0);
    }

    private static void Impatient(KestrelServerLimits limits)
    {
        limits.KeepAliveTimeout = limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(300);
        // Kestrel checks once a second, and takes no shorter grace period.
        limits.MinResponseDataRate = new(bytesPerSecond: 100e6, gracePeriod: TimeSpan.FromSeconds(1.5));
    }
}
