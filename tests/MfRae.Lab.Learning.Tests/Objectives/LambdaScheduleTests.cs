using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
public sealed class LambdaScheduleTests
{
    [Fact]
    public void Without_a_schedule_it_stays() => At(0.3, null, 0, 50, 99).Should().Equal(0.3, 0.3, 0.3);

    [Fact]
    public void A_line_goes_over_all_of_training_or_over_its_own_steps_and_then_stays()
    {
        At(1, new LinearLambdaOptions(0), 0, 25, 100).Should().Equal(1, 0.75, 0);
        At(0.1, new LinearLambdaOptions(0.3, 10), 0, 5, 10, 99).Should().Equal(0.1, 0.2, 0.3, 0.3);
    }

    [Fact]
    public void A_cosine_is_slow_at_both_ends_and_half_way_in_the_middle()
    {
        var values = At(1, new CosineLambdaOptions(0.2, 40), 0, 10, 20, 30, 40, 90);
        values[0].Should().Be(1);
        values[1].Should().BeApproximately(1 - (0.8 * (1 - Math.Sqrt(0.5)) / 2), 1e-12);
        values[2].Should().BeApproximately(0.6, 1e-12);
        values[3].Should().BeApproximately(0.2 + (0.8 * (1 - Math.Sqrt(0.5)) / 2), 1e-12);
        values[4..].Should().Equal(0.2, 0.2);
    }

    [Fact]
    public void A_switch_comes_after_its_number_of_steps() =>
        At(1, new SwitchLambdaOptions(0, 60), 0, 59, 60, 99).Should().Equal(1, 1, 0, 0);

    private static double[] At(double start, LambdaScheduleOptions? options, params long[] steps) =>
        [.. steps.Select(new LambdaSchedule(start, options, trainingSteps: 100).At)];
}
