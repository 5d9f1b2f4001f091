using System.Diagnostics;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class CpuBudgetTests
{
    [Fact]
    public void The_budget_is_used_up_by_processor_time_and_grows_again_with_time()
    {
        var time = new FakeTimeProvider(Plans.Start);
        var budget = new CpuBudget(new RefreshPolicy(TimeSpan.Zero, 0.001, TimeSpan.FromMilliseconds(30)), time);

        budget.IsLeft.Should().BeTrue("the first page does not wait");
        for (var used = Environment.CpuUsage.TotalTime; (Environment.CpuUsage.TotalTime - used).TotalMilliseconds < 60;)
            Thread.SpinWait(1000);
        budget.IsLeft.Should().BeFalse();

        // The processor time of other tests in this process counts too.
        for (var waited = Stopwatch.StartNew(); !budget.IsLeft && waited.Elapsed < TimeSpan.FromSeconds(30);)
            time.Advance(TimeSpan.FromSeconds(100));
        budget.IsLeft.Should().BeTrue();
    }
}
