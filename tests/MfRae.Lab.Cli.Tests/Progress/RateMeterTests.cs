using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Progress;

public sealed class RateMeterTests
{
    private readonly RateMeter _meter = new();

    [Fact]
    public void A_single_mark_has_no_rate()
    {
        Mark(0, 10);

        _meter.PerSecond.Should().BeNull();
    }

    [Fact]
    public void The_rate_covers_the_last_thirty_seconds()
    {
        Mark(0, 0);
        Mark(100, 10);
        Mark(110, 60);

        _meter.PerSecond.Should().Be(5);
    }

    [Fact]
    public void A_resume_at_an_earlier_step_restarts_the_measurement()
    {
        Mark(0, 0);
        Mark(10, 1000);
        Mark(20, 500);

        _meter.PerSecond.Should().BeNull();
        Mark(22, 520);
        _meter.PerSecond.Should().Be(10);
    }

    private void Mark(double seconds, long step) => _meter.Mark(Plans.Start.AddSeconds(seconds), step);
}
