using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class CurveTests
{
    [Fact]
    public void Few_steps_keep_their_own_point_with_mean_and_range_over_seeds() =>
        Curve.Of([Series([1, 3], [1, 2]), Series([1, 3], [3, 8])]).Should().Equal(new CurvePoint(1, 2, 1, 3), new CurvePoint(3, 5, 2, 8));

    [Fact]
    public void Gathering_keeps_every_extreme()
    {
        double?[] values = [.. Enumerable.Range(0, 10_000).Select(i => (double?)Math.Sin(i / 300d))];
        values[1234] = 50;
        values[8765] = -70;

        var points = Curve.Of([Series([.. Enumerable.Range(0, values.Length).Select(i => (long)i)], values)]);

        points.Should().HaveCount(Curve.MostPoints);
        points.Max(point => point.High).Should().Be(50);
        points.Min(point => point.Low).Should().Be(-70);
        points.Single(point => point.High == 50).Step.Should().BeApproximately(1234, 25);
    }

    [Fact]
    public void Curves_that_are_gathered_already_keep_every_extreme_too()
    {
        SeriesRecord Gathered(double offset) => new("loss", [], [], [.. Enumerable.Range(0, 256).Select(i => new CurveBucket(
            (i * 40) + 1, (i + 1) * 40, 40, 39, 39 * offset, i == 100 ? -9 : offset - 1, i == 7 ? 99 : offset + 1))]);

        var points = Curve.Of([Gathered(1), Gathered(3), Series([1, 2], [2, 2])]);

        points.Should().HaveCountLessThanOrEqualTo(Curve.MostPoints).And.HaveCountGreaterThan(150);
        points.Select(point => point.Step).Should().BeInAscendingOrder();
        points.Max(point => point.High).Should().Be(99);
        points.Min(point => point.Low).Should().Be(-9);
        points[^1].Mean.Should().Be(2);
    }

    [Fact]
    public void Every_step_falls_in_one_bin()
    {
        double?[] ones = [.. Enumerable.Repeat((double?)1, 1_003)];

        var points = Curve.Of([Series([.. Enumerable.Range(0, ones.Length).Select(i => (long)i)], ones)], most: 10);

        points.Should().HaveCount(10).And.OnlyContain(point => point.Mean == 1);
        points[0].Step.Should().Be(49.5);
        points[^1].Step.Should().Be(952);
    }

    [Fact]
    public void A_step_where_no_seed_is_finite_is_a_gap() => Curve.Of([Series([1, 2, 3], [1, null, 3])])[1].Mean.Should().BeNull();

    [Fact]
    public void A_seed_that_diverged_leaves_the_mean_to_the_others() =>
        Curve.Of([Series([1, 2], [1, null]), Series([1, 2], [3, 5])])[1].Should().Be(new CurvePoint(2, 5, 5, 5));

    private static SeriesRecord Series(long[] steps, double?[] values) => new("loss", steps, values);
}
