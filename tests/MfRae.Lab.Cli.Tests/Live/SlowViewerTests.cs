using MfRae.Lab.Cli.Live;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class SlowViewerTests : IDisposable
{
    private readonly ServedLab _served = new(Impatient);

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task A_request_that_does_not_come_to_its_end_is_given_up()
    {
        var answer = await Visit.Raw(_served.Port, $"GET / HTTP/1.1\r\nHost: 127.0.0.1:{_served.Port}\r\n");

        answer.Status.Should().Be(408);
        await _served.Until(() => _served.Server.Load.Open == 0);
    }

    [Fact]
    public async Task Who_takes_nothing_of_what_is_sent_is_let_go()
    {
        using var stop = new CancellationTokenSource();
        using var server = LoopbackServer.Start(0, Impatient(ServerLimits.Default), TimeProvider.System);
        var running = server.Run(
            (_, _) => Task.FromResult(new HttpResponse(200, "text/plain", new byte[64 << 20])), _ => { }, stop.Token);
        using var client = await Visit.Connect(server.Port);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await _served.Until(() => server.Open == 1);

        await _served.Until(() => server.Open == 0);

        await stop.CancelAsync();
        await running;
    }

    private static ServerLimits Impatient(ServerLimits limits) =>
        limits with { Head = TimeSpan.FromMilliseconds(300), Piece = TimeSpan.FromMilliseconds(300) };
}
