using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class DotChartTests
{
    [Theory]
    [InlineData("double-backward-float", false)]
    [InlineData("derivative=central, learningRate=0.0003, lambda=", true)]
    public void Names_that_differ_at_their_ends_are_shown_in_full(string start, bool above)
    {
        string[] names = [start + "32", start + "64"];

        var drawn = new DotChart("FID", "fid@1", [.. names.Select(name => new DotRow(name, "a0", [new(1, ""), new(2, "")], 1.5, null))], [],
            value => $"{value}").Draw().ToString();

        drawn.Should().ContainAll(names.Select(name => $">{name}<title>")).And.NotContain("…");
        drawn.Contains("name above").Should().Be(above);
    }
}
