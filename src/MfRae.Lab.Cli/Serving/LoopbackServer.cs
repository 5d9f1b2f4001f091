using System.Net;
using System.Net.Sockets;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// Takes requests from programs of this machine, one for each connection. No thread waits for a viewer. It stands on the base class
/// library: Kestrel would ask every machine for ASP.NET, workers included, and HttpListener takes no free port, puts a request's path in
/// order before anyone sees it, and has no limits for slow clients outside Windows.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly IReadOnlyList<TcpListener> listeners;
    private readonly ServerLimits limits;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim places;
    private int open;

    private LoopbackServer(IReadOnlyList<TcpListener> listeners, ServerLimits limits, TimeProvider time)
    {
        this.listeners = listeners;
        this.limits = limits;
        this.time = time;
        places = new(limits.Connections);
    }

    public int Port => PortOf(listeners[0]);

    /// <summary>Connections that are being answered.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>Listens at 127.0.0.1, and at ::1 where the machine has it.</summary>
    /// <param name="port">0: a free one.</param>
    /// <exception cref="LabException">The port is in use, or may not be used.</exception>
    public static LoopbackServer Start(int port, ServerLimits limits, TimeProvider time)
    {
        // A port that is free in the one family may be in use in the other.
        for (var attempt = 1; ; attempt++)
        {
            var first = Listen(IPAddress.Loopback, port);
            try
            {
                return new([first, .. Socket.OSSupportsIPv6 ? Second(PortOf(first)) : []], limits, time);
            }
            catch (LabException) when (port == 0 && attempt < 20)
            {
                first.Dispose();
            }
            catch
            {
                first.Dispose();
                throw;
            }
        }
    }

    /// <summary>Answers until it is told to stop, and then lets go of every viewer.</summary>
    /// <param name="answer">May be asked for many requests at once.</param>
    /// <param name="complain">Told of an exception that is a bug; the others are answered nevertheless.</param>
    public Task Run(Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer, Action<Exception> complain, CancellationToken stop) =>
        Task.WhenAll(listeners.Select(listener => Accept(listener, answer, complain, stop)));

    public void Dispose()
    {
        foreach (var listener in listeners)
            listener.Dispose();
        places.Dispose();
    }

    private async Task Accept(
        TcpListener listener,
        Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer,
        Action<Exception> complain,
        CancellationToken stop)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(stop);
                running.RemoveAll(task => task.IsCompleted);
                if (places.Wait(0, CancellationToken.None))
                    running.Add(new Connection(client, limits, time).Serve(answer, complain, Count, stop));
                else
                    client.Dispose();
            }
            catch (SocketException) when (!stop.IsCancellationRequested)
            {
                // The other side was gone before it was taken, or there are too many open files: the next may do better.
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        listener.Stop();
        await Task.WhenAll(running);
    }

    private void Count(int change)
    {
        Interlocked.Add(ref open, change);
        if (change < 0)
            places.Release();
    }

    private static IReadOnlyList<TcpListener> Second(int port)
    {
        try
        {
            return [Listen(IPAddress.IPv6Loopback, port)];
        }
        catch (SocketException)
        {
            // The system knows IPv6 and has switched it off.
            return [];
        }
    }

    private static TcpListener Listen(IPAddress address, int port)
    {
        var listener = new TcpListener(address, port);
        try
        {
            if (OperatingSystem.IsWindows())
                listener.ExclusiveAddressUse = true;
            listener.Start(128);
            return listener;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            listener.Dispose();
            var why = error.SocketErrorCode == SocketError.AccessDenied ? "may not be used by this user" : "is in use";
            throw new LabException($"port {port} {why} on this machine; name another with --port, or 0 for a free one", error);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
