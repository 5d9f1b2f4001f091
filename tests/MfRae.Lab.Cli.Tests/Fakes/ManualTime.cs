namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>A clock that goes on when told.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset now = Plans.Start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.UtcTicks;

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(double seconds) => now = now.AddSeconds(seconds);
}
