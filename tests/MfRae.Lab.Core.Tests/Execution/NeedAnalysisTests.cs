using MfRae.Lab.Core.Execution;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Core.Tests.Execution;

public sealed class NeedAnalysisTests
{
    /// <summary>a → b → c, and a → d.</summary>
    [Theory]
    [InlineData("....", "Run Run Run Run")]
    [InlineData("ccc.", "Cached Cached Cached Run")]
    [InlineData("..cc", "Past Past Cached Cached")]
    [InlineData("..c.", "Run Past Cached Run")]
    [InlineData("x...", "Diverged Blocked Blocked Blocked")]
    [InlineData(".x..", "Run Diverged Blocked Run")]
    [InlineData(".x.c", "Past Diverged Blocked Cached")]
    [InlineData("cd.c", "Cached Run Run Cached")]
    public void What_is_computed_follows_from_what_is_missing_at_the_ends(string found, string expected)
    {
        var a = TestPlan.Stage("a", "");
        var b = TestPlan.Stage("b", "", a);
        var stages = new[] { a, b, TestPlan.Stage("c", "", b), TestPlan.Stage("d", "", a) };
        var findings = stages.Zip(found).ToDictionary(pair => pair.First.Key, pair => new Finding(pair.Second switch
        {
            'c' => Found.Complete,
            'x' => Found.Diverged,
            'd' => Found.Damaged,
            _ => Found.Missing,
        }));

        var needs = NeedAnalysis.Of(new(stages), findings);

        string.Join(' ', stages.Select(stage => needs[stage.Key])).Should().Be(expected);
    }

    [Fact]
    public void What_only_blocked_stages_need_is_not_computed()
    {
        var a = TestPlan.Stage("a", "");
        var b = TestPlan.Stage("b", "");
        var c = TestPlan.Stage("c", "", a, b);
        var findings =
            new Dictionary<string, Finding> { [a.Key] = new(Found.Diverged), [b.Key] = new(Found.Missing), [c.Key] = new(Found.Missing) };

        NeedAnalysis.Of(new([a, b, c]), findings)[b.Key].Should().Be(Need.Unneeded);
    }
}
