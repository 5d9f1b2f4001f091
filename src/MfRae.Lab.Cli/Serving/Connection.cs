using System.Net.Sockets;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Serving;

/// <summary>One request and its answer.</summary>
internal sealed class Connection(TcpClient client, ServerLimits limits, TimeProvider time)
{
    /// <param name="count">Told 1 at the beginning and -1 at the end.</param>
    public async Task Serve(
        Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer,
        Action<Exception> complain,
        Action<int> count,
        CancellationToken stop)
    {
        count(1);
        try
        {
            client.NoDelay = true;
            using var stream = client.GetStream();
            var (request, response) = await Receive(stream, answer, complain, stop);
            if (response is null)
                return;
            await new ResponseWriter(stream, limits.Piece, time).Write(response, request?.Method != "HEAD", stop);
            await Leave(stream, stop);
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The viewer went away, was too slow, or the server ends: there is nobody to tell.
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            // The database is gone while a viewer waits for changes: it asks again, and is told.
        }
        catch (Exception error)
        {
            complain(error);
        }
        finally
        {
            client.Dispose();
            count(-1);
        }
    }

    private async Task<(HttpRequest? Request, HttpResponse? Response)> Receive(
        Stream stream, Func<HttpRequest, CancellationToken, Task<HttpResponse>> answer, Action<Exception> complain, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(limits.Head);
        HttpRequest? request;
        int status;
        try
        {
            (request, status) = await RequestReader.Read(stream, limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            (request, status) = (null, 408);
        }

        if (request is null)
            return (null, status == 0 ? null : HttpResponse.Text(status, HttpResponse.Phrase(status)));
        if (!Peer.IsTrusted(client.Client))
            return (request, HttpResponse.Text(403, "this server is another user's"));
        try
        {
            return (request, await answer(request, stop));
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return (request, HttpResponse.Text(503, error.Message));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            complain(error);
            return (request, HttpResponse.Text(500, "this is a mistake of the program; its terminal says more"));
        }
    }

    /// <summary>Closing while the other side still sends would take the answer back from it.</summary>
    private async Task Leave(Stream stream, CancellationToken stop)
    {
        client.Client.Shutdown(SocketShutdown.Send);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        var rest = new byte[4096];
        for (var read = 0; read < RequestReader.LongestHead;)
        {
            var count = await stream.ReadAsync(rest, limit.Token);
            if (count == 0)
                return;
            read += count;
        }
    }
}
