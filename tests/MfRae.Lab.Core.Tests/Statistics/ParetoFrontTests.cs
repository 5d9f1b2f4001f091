using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class ParetoFrontTests
{
    [Fact]
    public void What_costs_more_and_is_no_better_is_not_on_it() =>
        ParetoFront.Of([(3, 5), (1, 9), (2, 9), (2, 7), (4, 6)], higherIsBetter: false).Should().Equal(1, 3, 0);

    [Fact]
    public void A_higher_quality_may_be_the_better_one() =>
        ParetoFront.Of([(3, 5), (1, 1), (2, 7), (4, 8)], higherIsBetter: true).Should().Equal(1, 2, 3);

    [Fact]
    public void Equal_points_are_members_together() =>
        ParetoFront.Of([(2, 4), (1, 8), (2, 4), (1, 8)], higherIsBetter: false).Should().Equal(1, 3, 0, 2);

    [Fact]
    public void Of_the_same_cost_the_best_is_a_member_and_of_the_same_quality_the_cheapest()
    {
        ParetoFront.Of([(1, 5), (1, 4)], higherIsBetter: false).Should().Equal(1);
        ParetoFront.Of([(2, 5), (1, 5)], higherIsBetter: false).Should().Equal(1);
    }

    [Fact]
    public void One_point_is_its_own_front_and_none_have_none()
    {
        ParetoFront.Of([(7, 7)], higherIsBetter: true).Should().Equal(0);
        ParetoFront.Of([], higherIsBetter: true).Should().BeEmpty();
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void What_is_not_finite_is_left_out(double none) =>
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
