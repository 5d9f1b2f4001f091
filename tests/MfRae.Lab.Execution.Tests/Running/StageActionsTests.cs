using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class StageActionsTests
{
    /// <summary>a → b → c, and a → d.</summary>
    [Theory]
    [InlineData("....", "Run Run Run Run")]
    [InlineData("ccc.", "Cached Cached Cached Run")]
    [InlineData("..cc", "AlreadyUsed AlreadyUsed Cached Cached")]
    [InlineData("..c.", "Run AlreadyUsed Cached Run")]
    [InlineData("x...", "Diverged Blocked Blocked Blocked")]
    [InlineData(".x..", "Run Diverged Blocked Run")]
    [InlineData(".x.c", "AlreadyUsed Diverged Blocked Cached")]
    [InlineData("cd.c", "Cached Run Run Cached")]
    public void The_computed_stages_follow_from_the_missing_ends(string found, string expected)
    {
        var a = TestPlan.Stage("a", "");
        var b = TestPlan.Stage("b", "", a);
        var stages = new[] { a, b, TestPlan.Stage("c", "", b), TestPlan.Stage("d", "", a) };
        var findings = stages.Zip(found).ToDictionary(pair => pair.First.Key, pair => new StoredStage(pair.Second switch
        {
            'c' => StoredStageState.Complete,
            'x' => StoredStageState.Diverged,
            'd' => StoredStageState.Damaged,
            _ => StoredStageState.Missing,
        }));

        var needs = StageActions.Of(new(stages), findings);

        string.Join(' ', stages.Select(stage => needs[stage.Key])).Should().Be(expected);
    }

    [Fact]
    public void Inputs_of_only_blocked_stages_are_not_computed()
    {
        var a = TestPlan.Stage("a", "");
        var b = TestPlan.Stage("b", "");
        var c = TestPlan.Stage("c", "", a, b);
        var findings =
            new Dictionary<string, StoredStage> { [a.Key] = new(StoredStageState.Diverged), [b.Key] = new(StoredStageState.Missing), [c.Key] = new(StoredStageState.Missing) };

        StageActions.Of(new([a, b, c]), findings)[b.Key].Should().Be(StageAction.NotNeeded);
    }
}
