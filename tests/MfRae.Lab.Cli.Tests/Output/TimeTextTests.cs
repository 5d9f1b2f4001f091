using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Tests.Output;

public sealed class TimeTextTests
{
    private readonly StageTimes _times = new();

    [Fact]
    public void Earlier_stages_give_wall_and_processor_time()
    {
        _times.Add(new ProbeStage(), new(120, 240));

        TimeText.Predict(Plans.Of("a", "b", "c", "d"), key => key == "a", _times, 2)
            .Should().Be("time: about 4 min with 2 jobs, 12 min of processor time; from 1 earlier stage on this machine\n");
    }

    [Fact]
    public void Without_earlier_stages_the_time_is_unknown() =>
        TimeText.Predict(Plans.Of("a"), _ => false, _times, 1).Should().Be("time: unknown, no earlier runs on this machine\n");

    [Fact]
    public void Kinds_without_earlier_stages_are_named()
    {
        _times.Add(new ProbeStage(), new(100, 100));
        var plan = Plans.Of("a", "b");
        plan = plan with { Stages = [plan.Stages[0], plan.Stages[1] with { Kind = "ladder", Definition = new LadderStage("test") }] };

        TimeText.Predict(plan, _ => false, _times, 1).Should().Be(
            "time: at least 2 min with 1 job, 2 min of processor time; from 1 earlier stage on this machine, none of which is comparable to ladder\n");
    }

    [Fact]
    public void A_complete_plan_takes_no_time() => TimeText.Predict(Plans.Of("a"), _ => true, _times, 1).Should().BeEmpty();

    [Theory]
    [InlineData(0.4, "0 s")]
    [InlineData(89, "89 s")]
    [InlineData(91, "2 min")]
    [InlineData(5300, "88 min")]
    [InlineData(8640, "2.4 h")]
    public void A_duration_has_one_unit(double seconds, string text) => TimeText.Span(seconds).Should().Be(text);
}
