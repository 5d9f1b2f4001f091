using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class SvgTests
{
    [Theory]
    [InlineData("lambda=0", 80, "lambda=0")]
    [InlineData("double-backward-float32", 80, "doubl…oat32")]
    [InlineData("double-backward-float64", 80, "doubl…oat64")]
    [InlineData("ab", 1, "ab")]
    [InlineData("abc", 1, "a…")]
    [InlineData("😀😀😀", 21, "…")]
    public void A_text_that_is_too_long_keeps_both_ends_and_no_half_of_a_character(string text, double width, string fit) =>
        Svg.Fit(text, width).Should().Be(fit);
}
