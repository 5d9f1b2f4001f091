using System.Text;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// Server-sent events: the stamp of what there is to see, at once and after each change; `stale` with the reason when changes can no longer be
/// seen, and `fresh` when they can again.
/// </summary>
internal static class EventStream
{
    /// <summary>Returns when the viewer is gone. The watch ends with it.</summary>
    public static async Task Write(Stream stream, Watch watch, ServerLimits limits, TimeProvider time, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using (watch)
        {
            // Nothing more is expected of the viewer: whatever arrives, its end above all, ends this.
            var gone = stream.ReadAsync(new byte[1], ending.Token).AsTask();
            try
            {
                string? told = null;
                string? warned = null;
                await Send("retry: 2000\n\n");
                while (!gone.IsCompleted)
                {
                    var (stamp, trouble, next) = watch.Now;
                    if (trouble != warned)
                        await Send(trouble is null ? "event: fresh\ndata: live\n\n" : $"event: stale\ndata: {trouble}\n\n");
                    warned = trouble;
                    await Send(stamp == told ? ":\n\n" : $"data: {stamp}\n\n");
                    told = stamp;
                    using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    await Task.WhenAny(next, gone, Task.Delay(limits.Heartbeat, time, waiting.Token));
                    await waiting.CancelAsync();
                    stop.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                await ending.CancelAsync();
                await gone.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        async Task Send(string text)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(limits.Piece);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
        }
    }
}
