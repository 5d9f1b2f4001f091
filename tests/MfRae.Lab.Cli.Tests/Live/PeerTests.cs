using System.Net;
using System.Net.Sockets;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Chaos;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class PeerTests
{
    // The server listens on port 0x21C2 (8642). The table has its end of a connection and the callers' ends.
    private const string Table =
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:21C2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
           1: 0100007F:21C2 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
           2: 0100007F:C001 0100007F:21C2 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
           3: 0200A8C0:C002 0100A8C0:21C2 01 00000000:00000000 00:00000000 00000000  1000        0 4 1 0 20 4 30 10 -1
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid
           0: 00000000000000000000000001000000:C003 00000000000000000000000001000000:21C2 01 00000000:00000000 00:00000000 00000000  1002        0 5 1 0
           1: 0000000000000000FFFF00000100007F:C004 0000000000000000FFFF00000100007F:21C2 01 00000000:00000000 00:00000000 00000000     0        0 6 1 0
        """;

    [Theory]
    [InlineData(0xC001, 1001L)]
    [InlineData(0xC003, 1002L)]
    [InlineData(0xC004, 0L)]
    [InlineData(0xC002, null)]
    [InlineData(0xC005, null)]
    public void The_owner_is_the_user_of_the_callers_end(int port, long? owner) =>
        Peer.Owner(Table.Split('\n'), port, 8642).Should().Be(owner);

    [Fact]
    public async Task This_process_trusts_itself()
    {
        Requires.Linux("signals and /proc");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = await Visit.Connect(((IPEndPoint)listener.LocalEndpoint).Port);
        using var taken = await listener.AcceptTcpClientAsync();

        Peer.IsTrusted(taken.Client).Should().BeTrue();
    }
}
