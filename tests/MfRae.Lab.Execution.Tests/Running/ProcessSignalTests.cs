using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class ProcessSignalTests
{
    // A signal to one of these numbers would go to every process of the user, or of the group.
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(int.MinValue)]
    public void A_number_below_2_never_gets_a_signal(int number) =>
        ProcessSignal.TryInterrupt(ProcessIdentity.Current() with { Pid = number, Started = "" }).Should().BeFalse();

    [Fact]
    public void A_process_with_another_start_boot_or_host_gets_no_signal()
    {
        var self = ProcessIdentity.Current();

        ProcessSignal.TryInterrupt(self with { Started = "1" }).Should().BeFalse();
        ProcessSignal.TryInterrupt(self with { BootId = "another" }).Should().BeFalse();
        ProcessSignal.TryInterrupt(self with { Host = "elsewhere" }).Should().BeFalse();
    }
}
