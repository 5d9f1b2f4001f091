using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class ParetoFrontTests
{
    [Fact]
    public void Points_that_cost_more_and_are_no_better_are_not_on_the_front() =>
        ParetoFront.Of([(3, 5), (1, 9), (2, 9), (2, 7), (4, 6)], higherIsBetter: false).Should().Equal(1, 3, 0);

    [Fact]
    public void A_higher_quality_may_be_the_better_one() =>
        ParetoFront.Of([(3, 5), (1, 1), (2, 7), (4, 8)], higherIsBetter: true).Should().Equal(1, 2, 3);

    [Fact]
    public void Equal_points_are_members_together() =>
        ParetoFront.Of([(2, 4), (1, 8), (2, 4), (1, 8)], higherIsBetter: false).Should().Equal(1, 3, 0, 2);

    [Fact]
    public void The_best_of_equal_costs_and_the_cheapest_of_equal_quality_are_on_the_front()
    {
        ParetoFront.Of([(1, 5), (1, 4)], higherIsBetter: false).Should().Equal(1);
        ParetoFront.Of([(2, 5), (1, 5)], higherIsBetter: false).Should().Equal(1);
    }

    [Fact]
    public void A_single_point_is_its_own_front_and_no_points_have_none()
    {
        ParetoFront.Of([(7, 7)], higherIsBetter: true).Should().Equal(0);
        ParetoFront.Of([], higherIsBetter: true).Should().BeEmpty();
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Points_that_are_not_finite_are_ignored(double none) =>
        ParetoFront.Of([(none, 1), (1, none), (2, 3)], higherIsBetter: false).Should().Equal(2);

    [Fact]
    public void Members_do_not_beat_each_other_and_everything_else_is_beaten_by_a_member()
    {
        var random = new Random(5);
        var points = Enumerable.Range(0, 200).Select(_ => ((double)random.Next(30), (double)random.Next(30))).ToArray();
        bool Beats(int one, int other) => points[one] != points[other]
            && points[one].Item1 <= points[other].Item1 && points[one].Item2 <= points[other].Item2;

        var front = ParetoFront.Of(points, higherIsBetter: false);

        front.Where(member => front.Any(other => Beats(other, member))).Should().BeEmpty();
        Enumerable.Range(0, points.Length).Except(front).Where(at => !front.Any(member => Beats(member, at))).Should().BeEmpty();
    }
}
