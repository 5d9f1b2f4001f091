using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class FactorialContrastsTests
{
    [Fact]
    public void Two_axes_have_main_effects_and_an_interaction()
    {
        var effects = FactorialContrasts.Of([
            Arm("a", true, "with", "0"), Arm("b", false, "with", "1"), Arm("c", false, "without", "0"), Arm("d", false, "without", "1"),
        ]);

        effects.Select(effect => effect.Contrast.Name).Should().Equal(
            "cmt: without − with", "lambda: 1 − 0", "cmt × lambda: (without − with) at 1 − (without − with) at 0");
        effects[0].Contrast.Weights.Should().BeEquivalentTo(new Dictionary<string, double> { ["a"] = -0.5, ["b"] = -0.5, ["c"] = 0.5, ["d"] = 0.5 });
        effects[1].Contrast.Weights.Should().BeEquivalentTo(new Dictionary<string, double> { ["a"] = -0.5, ["b"] = 0.5, ["c"] = -0.5, ["d"] = 0.5 });
        effects[2].Contrast.Weights.Should().BeEquivalentTo(new Dictionary<string, double> { ["a"] = 1, ["b"] = -1, ["c"] = -1, ["d"] = 1 });
        effects.Select(effect => effect.IsMain).Should().Equal(true, true, false);
    }

    [Fact]
    public void Levels_are_compared_with_those_of_the_baseline()
    {
        var effects = FactorialContrasts.Of([
            Arm("a", false, "x", "0"), Arm("b", false, "x", "1"), Arm("c", false, "x", "2"),
            Arm("d", false, "y", "0"), Arm("e", true, "y", "1"), Arm("f", false, "y", "2"),
        ]);

        effects.Select(effect => effect.Contrast.Name).Should().StartWith(["cmt: x − y", "lambda: 0 − 1", "lambda: 2 − 1"]);
        effects.Should().HaveCount(5);
        effects.Should().OnlyContain(effect => Math.Abs(effect.Contrast.Weights.Values.Sum()) < 1e-12);
    }

    [Fact]
    public void Extra_arms_are_in_no_effect_and_an_incomplete_grid_has_none()
    {
        ArmRecord[] grid = [Arm("a", true, "x", "0"), Arm("b", false, "x", "1"), Arm("c", false, "y", "0"), Arm("d", false, "y", "1")];
        var extra = new ArmRecord("extra", false, new Dictionary<string, string>(), "{}");

        FactorialContrasts.Of([.. grid, extra]).Should().HaveCount(3).And.OnlyContain(effect => !effect.Contrast.Weights.ContainsKey("extra"));
        FactorialContrasts.Of(grid[..3]).Should().BeEmpty();
        FactorialContrasts.Of([extra]).Should().BeEmpty();
    }

    private static ArmRecord Arm(string name, bool baseline, string cmt, string lambda) => new(
        name, baseline, new Dictionary<string, string>(), "{}",
        Levels: new Dictionary<string, string> { ["cmt"] = cmt, ["meanflow.lambda"] = lambda });
}
