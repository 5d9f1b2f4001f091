using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// Who is at the other end of a connection within this machine. Other users of it can connect as well, and the pages and the button are
/// this user's. Linux tells the owner of each socket; elsewhere nobody does without a call into the system's own libraries.
/// </summary>
internal static class Peer
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether the caller is this user or the system's administrator, who may do all that this user may.</summary>
    public static bool IsTrusted(Socket socket) => !OperatingSystem.IsLinux()
        || (socket is { RemoteEndPoint: IPEndPoint theirs, LocalEndPoint: IPEndPoint ours }
            && Owner(Tables.Where(File.Exists).SelectMany(File.ReadLines), theirs.Port, ours.Port) is { } owner
            && (owner == 0 || owner == Self()));

    /// <summary>The number of the user who owns the socket at a port of loopback that is connected to another; null where there is none.</summary>
    /// <param name="table">Lines as of /proc/net/tcp: number, local and remote address:port in hexadecimal, state, …, user.</param>
    internal static long? Owner(IEnumerable<string> table, int port, int to)
    {
        foreach (var line in table)
        {
            var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (cells.Length > 7 && IsLoopback(cells[1], port) && IsLoopback(cells[2], to))
                return long.Parse(cells[7], CultureInfo.InvariantCulture);
        }

        return null;
    }

    // 127.0.0.1, the same in IPv6's form, and ::1: words of 32 bits, each in the processor's order.
    private static bool IsLoopback(string end, int port) => end.Split(':') is [var address, var number]
        && (address is "0100007F" or "0000000000000000FFFF00000100007F" or "00000000000000000000000001000000")
        && number == port.ToString("X4", CultureInfo.InvariantCulture);

    private static long Self() => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2],
        CultureInfo.InvariantCulture);
}
