using System.Net.Sockets;
using System.Text;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>The answer of a server to a request that the test writes byte by byte, without a client library.</summary>
internal sealed record Visit(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>Sends text, one byte for each character, and reads until the server closes the connection.</summary>
    public static async Task<Visit> Raw(int port, string text, bool ipv6 = false)
    {
        using var client = await Connect(port, ipv6);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        using var answer = new MemoryStream();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await stream.CopyToAsync(answer, patience.Token);
        return Parse(answer.ToArray());
    }

    /// <param name="headers">Lines in addition to Host, each with its line break.</param>
    public static Task<Visit> Ask(int port, string target, string method = "GET", string headers = "") =>
        Raw(port, $"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");

    public static async Task<TcpClient> Connect(int port, bool ipv6 = false, int? receiveBuffer = null)
    {
        var client = new TcpClient(ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        if (receiveBuffer is { } size)
            client.ReceiveBufferSize = size;
        await client.ConnectAsync(ipv6 ? System.Net.IPAddress.IPv6Loopback : System.Net.IPAddress.Loopback, port);
        return client;
    }

    private static Visit Parse(byte[] answer)
    {
        if (answer.Length == 0)
            return new(0, new Dictionary<string, string>(), "");
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        var lines = Encoding.Latin1.GetString(answer, 0, end).Split("\r\n");
        return new(
            int.Parse(lines[0].Split(' ')[1]),
            lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]),
            Encoding.UTF8.GetString(answer, end + 4, answer.Length - end - 4));
    }
}
