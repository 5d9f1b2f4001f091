using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class HolmTests
{
    [Fact]
    public void Values_step_down_and_stay_in_order()
    {
        var adjusted = Holm.Adjust([0.01, 0.04, 0.03, 0.005]);

        double[] expected = [0.03, 0.06, 0.06, 0.02];
        adjusted.Zip(expected, (one, other) => Math.Abs(one - other)).Should().OnlyContain(error => error < 1e-12);
    }

    [Fact]
    public void Values_end_at_one() => Holm.Adjust([0.6, 0.7]).Should().Equal(1, 1);

    [Fact]
    public void One_test_needs_no_adjustment() => Holm.Adjust([0.03]).Should().Equal(0.03);
}
