using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class ClippedScaleTests
{
    [Fact]
    public void A_line_near_zero_does_not_make_an_axis_logarithmic_that_its_marks_do_not()
    {
        var axis = Over([0.06, 0.8], 1e-9, 0.9);

        axis.Scale.Log.Should().BeFalse();
        axis.IsCut.Should().BeFalse();
        axis.Map(1e-9).Should().BeInRange(99, 100, "zero is on the axis");
    }

    [Fact]
    public void Marks_far_apart_do_and_a_line_that_goes_far_below_them_is_cut()
    {
        var axis = Over([1, 1000], 1e-9, 500);

        axis.Scale.Log.Should().BeTrue();
        axis.IsCut.Should().BeTrue();
        axis.IsBelow(1e-9).Should().BeTrue();
        axis.IsBelow(0.5).Should().BeFalse();
        axis.Map(1e-9).Should().BeGreaterThan(axis.Map(1) + 10).And.BeLessThanOrEqualTo(100);
        (axis.Map(1) - axis.Map(1000)).Should().BeGreaterThan(50, "the marks have most of the axis");
    }

    [Fact]
    public void A_mark_of_zero_stands_at_the_end_of_a_logarithmic_axis()
    {
        var axis = Over([0, 1, 1000]);

        axis.Scale.Log.Should().BeTrue();
        axis.IsBelow(0).Should().BeTrue();
        axis.Map(0).Should().BeGreaterThan(axis.Map(1));
    }

    [Fact]
    public void Negative_marks_have_a_linear_axis() => Over([-1, 1, 1000]).Scale.Log.Should().BeFalse();

    [Fact]
    public void Zeros_alone_have_an_axis() => Over([0, 0]).Map(0).Should().BeInRange(0, 100);

    [Fact]
    public void A_value_to_compare_with_is_on_the_axis_however_small()
    {
        var axis = new ClippedScale([0.0006, 0.8], [], [1e-9], null, 100, 0);

        axis.IsCut.Should().BeFalse();
        axis.IsBelow(1e-9).Should().BeFalse();
        axis.Map(1e-9).Should().BeInRange(80, 100).And.BeGreaterThan(axis.Map(1e-8) + 5);
    }

    private static ClippedScale Over(double[] marks, params double[] lines) => new(marks, lines, [], null, 100, 0);
}
