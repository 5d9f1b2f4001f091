using System.Net.Sockets;
using System.Text;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A viewer who waits for the events of a page.</summary>
internal sealed class Viewer : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _reader;

    private Viewer(TcpClient client)
    {
        _client = client;
        _reader = new StreamReader(client.GetStream());
    }

    public static async Task<Viewer> Open(int port, string events)
    {
        var client = await Visit.Connect(port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {events} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
        return new(client);
    }

    /// <summary>The data of the next event that is not a heartbeat, or null if there is none in time.</summary>
    public async Task<string?> Next(double seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            while (true)
            {
                if (await NextEvent(limit.Token) is not ("heartbeat", _) and var (_, data))
                    return data;
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Type and data of the next event. The data is null at the end of the stream.</summary>
    public async Task<(string Type, string? Data)> NextEvent(CancellationToken stop)
    {
        var type = "message";
        while (await _reader.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("event: "))
                type = line["event: ".Length..];
            else if (line.StartsWith("data: "))
                return (type, line["data: ".Length..]);
        }

        return (type, null);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
