using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tests.Experiments;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class PlanTextTests
{
    [Fact]
    public void A_plan_reads_as_committed()
    {
        var plan = Planner.Build(ExperimentReader.Read("tests/Golden/plans/two-arms.json", [], Repository.Root).Experiment!, FileHash.In(Repository.Root));
        var shared = plan.Stages.Where(stage => stage.Kind is "dataset" or "features" or "reference").Select(stage => stage.Key).ToHashSet();

        Golden.Check("tests/Golden/plans/two-arms.txt", PlanText.Describe(plan, shared.Contains));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0.5)]
    [InlineData(5, 0.0625)]
    [InlineData(6, 0.03125)]
    public void The_smallest_p_of_n_pairs_is_two_in_two_to_the_n(int pairs, double p) =>
        Power.SmallestP(pairs).Should().Be(p);

    [Theory]
    [InlineData(0.05, 6)]
    [InlineData(0.0125, 8)]
    [InlineData(0.0625, 6)]
    public void The_fewest_pairs_have_a_smallest_p_below_the_level(double level, int pairs) =>
        Power.PairsFor(level).Should().Be(pairs);

    [Fact]
    public void Five_seeds_can_never_reach_p_below_five_percent_and_six_can()
    {
        Power.Describe(5, 1).Should().Contain("2/2^5 = 0.0625").And.Contain("cannot be reached (5 seeds never can, 6 can)");
        Power.Describe(6, 1).Should().Contain("2/2^6 = 0.03125").And.Contain("can be reached").And.NotContain("cannot");
        Power.Describe(6, 4).Should().Contain("after Holm over 4 arms it takes 8 seeds");
        Power.Describe(1, 0).Should().Contain("nothing is compared");
    }
}
