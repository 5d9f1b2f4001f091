namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>A clock that goes on when told.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = Plans.Start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.UtcTicks;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(double seconds) => _now = _now.AddSeconds(seconds);
}
