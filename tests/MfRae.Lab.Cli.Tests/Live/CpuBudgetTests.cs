using Microsoft.Extensions.Time.Testing;
using System.Diagnostics;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class CpuBudgetTests
{
    [Fact]
    public void It_ends_with_use_and_comes_back_with_time()
    {
        var time = new FakeTimeProvider(Plans.Start);
        var allowance = new CpuBudget(new RefreshPolicy(TimeSpan.Zero, 0.001, TimeSpan.FromMilliseconds(30)), time);

        allowance.IsLeft.Should().BeTrue("the first page is not kept waiting");
        for (var used = Environment.CpuUsage.TotalTime; (Environment.CpuUsage.TotalTime - used).TotalMilliseconds < 60;)
            Thread.SpinWait(1000);
        allowance.IsLeft.Should().BeFalse();

        // Other tests of this process use processor time meanwhile: that counts as well.
        for (var waited = Stopwatch.StartNew(); !allowance.IsLeft && waited.Elapsed < TimeSpan.FromSeconds(30);)
            time.Advance(TimeSpan.FromSeconds(100));
        allowance.IsLeft.Should().BeTrue();
    }
}
