namespace MfRae.Lab.Cli.Tests;

public sealed class StopSignalsTests
{
    [Fact]
    public void The_first_signal_stops_the_second_aborts_and_the_third_has_the_default_effect()
    {
        using var signals = new StopSignals();
        var said = new List<string>();
        signals.Say = said.Add;

        signals.Receive(ExitCode.Terminated).Should().BeTrue();
        signals.Stop.IsCancellationRequested.Should().BeTrue();
        signals.Abort.IsCancellationRequested.Should().BeFalse();

        signals.Receive(ExitCode.Interrupted).Should().BeTrue();
        signals.Abort.IsCancellationRequested.Should().BeTrue();

        signals.Receive(ExitCode.Interrupted).Should().BeFalse();
        signals.Received.Should().Be(ExitCode.Terminated, "the first signal names the reason");
        said.Should().ContainSingle();
    }
}
