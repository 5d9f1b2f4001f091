using System.Net.Sockets;
using System.Text;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>Somebody who waits for the events of a page.</summary>
internal sealed class Viewer : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _reader;

    private Viewer(TcpClient client)
    {
        this._client = client;
        _reader = new StreamReader(client.GetStream());
    }

    public static async Task<Viewer> Open(int port, string events)
    {
        var client = await Visit.Connect(port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {events} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
        return new(client);
    }

    /// <summary>The next stamp that is told, or null where the time passes without one.</summary>
    public async Task<string?> Next(double seconds = 30)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            while (await _reader.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.StartsWith("data: "))
                    return line["data: ".Length..];
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
