namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// Processor time that grows at a share of the clock and shrinks by what this process uses, for whatever reason: large pages, many of
/// them, or many viewers. It begins full, since the first page of all costs more than any other: the program is still being compiled.
/// </summary>
internal sealed class Allowance(Pace pace, TimeProvider time)
{
    private readonly Lock gate = new();
    private TimeSpan left = pace.Burst;
    private long looked = time.GetTimestamp();
    private TimeSpan used = Environment.CpuUsage.TotalTime;

    /// <summary>Whether there is any left.</summary>
    public bool IsLeft
    {
        get
        {
            lock (gate)
            {
                var (now, total) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
                left += (time.GetElapsedTime(looked, now) * pace.Share) - (total - used);
                left = left < pace.Burst ? left : pace.Burst;
                (looked, used) = (now, total);
                return left > TimeSpan.Zero;
            }
        }
    }
}
