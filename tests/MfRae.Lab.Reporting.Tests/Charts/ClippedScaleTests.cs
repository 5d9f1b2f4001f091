using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class ClippedScaleTests
{
    [Fact]
    public void A_line_near_zero_does_not_make_an_axis_logarithmic_that_its_marks_do_not()
    {
        var heights = Over([0.06, 0.8], 1e-9, 0.9);

        heights.Scale.Log.Should().BeFalse();
        heights.IsCut.Should().BeFalse();
        heights.Map(1e-9).Should().BeInRange(99, 100, "zero is on the axis");
    }

    [Fact]
    public void Marks_far_apart_do_and_a_line_that_goes_far_below_them_is_cut()
    {
        var heights = Over([1, 1000], 1e-9, 500);

        heights.Scale.Log.Should().BeTrue();
        heights.IsCut.Should().BeTrue();
        heights.IsBelow(1e-9).Should().BeTrue();
        heights.IsBelow(0.5).Should().BeFalse();
        heights.Map(1e-9).Should().BeGreaterThan(heights.Map(1) + 10).And.BeLessThanOrEqualTo(100);
        (heights.Map(1) - heights.Map(1000)).Should().BeGreaterThan(50, "the marks have most of the axis");
    }

    [Fact]
    public void A_mark_of_zero_stands_at_the_end_of_a_logarithmic_axis()
    {
        var heights = Over([0, 1, 1000]);

        heights.Scale.Log.Should().BeTrue();
        heights.IsBelow(0).Should().BeTrue();
        heights.Map(0).Should().BeGreaterThan(heights.Map(1));
    }

    [Fact]
    public void Negative_marks_have_a_linear_axis() => Over([-1, 1, 1000]).Scale.Log.Should().BeFalse();

    [Fact]
    public void Zeros_alone_have_an_axis() => Over([0, 0]).Map(0).Should().BeInRange(0, 100);

    [Fact]
    public void A_value_to_compare_with_is_on_the_axis_however_small()
    {
        var heights = new ClippedScale([0.0006, 0.8], [], [1e-9], null, 100, 0);

        heights.IsCut.Should().BeFalse();
        heights.IsBelow(1e-9).Should().BeFalse();
        heights.Map(1e-9).Should().BeInRange(80, 100).And.BeGreaterThan(heights.Map(1e-8) + 5);
    }

    private static ClippedScale Over(double[] marks, params double[] lines) => new(marks, lines, [], null, 100, 0);
}
