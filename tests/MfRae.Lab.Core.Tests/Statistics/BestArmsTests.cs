using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class BestArmsTests
{
    [Fact]
    public void Arms_that_every_seed_ranks_behind_another_are_excluded() =>
        BestArms.Of([Samples.Of("a", 5, 6, 7, 5, 6), Samples.Of("b", 5.1, 5.9, 7.1, 4.9, 6), Samples.Of("c", 8, 9, 10, 8, 9)])
            .Should().BeEquivalentTo(["a", "b"]);

    [Fact]
    public void Where_higher_is_better_the_lower_arm_is_excluded() =>
        BestArms.Of([Samples.Of("a", [5, 6, 7, 5, 6], "accuracy", true), Samples.Of("c", [8, 9, 10, 8, 9], "accuracy", true)])
            .Should().BeEquivalentTo(["c"]);

    [Fact]
    public void Few_seeds_exclude_nothing_and_give_no_set() =>
        BestArms.Of([Samples.Of("a", 5, 6, 7, 5), Samples.Of("c", 8, 9, 10, 8)]).Should().BeNull();

    [Fact]
    public void An_arm_that_always_diverged_is_excluded()
    {
        var diverged = new ArmSample("d", [Samples.Measured(0, null)], 5, [0, 1, 2, 3, 4]);

        BestArms.Of([Samples.Of("a", 5, 6, 7, 5, 6), Samples.Of("b", 5.1, 5.9, 7.1, 4.9, 6), diverged]).Should().BeEquivalentTo(["a", "b"]);
    }

    [Fact]
    public void Other_identities_and_metrics_without_direction_have_no_set()
    {
        BestArms.Of([Samples.Of("a", [5, 6, 7, 5, 6], "fid", null), Samples.Of("c", [8, 9, 10, 8, 9], "fid", null)]).Should().BeNull();
        BestArms.Of([Samples.Of("a", [5, 6, 7, 5, 6], "fid", false), Samples.Of("c", [8, 9, 10, 8, 9], "kid", false)]).Should().BeNull();
    }
}
