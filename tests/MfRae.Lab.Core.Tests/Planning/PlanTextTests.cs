using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class PlanTextTests
{
    [Fact]
    public void The_text_of_a_plan_is_the_committed_one()
    {
        var plan = Planner.Build(
            ExperimentReader.Read("tests/Golden/plans/two-arms.json", [], Repository.Root).Experiment!, FileHash.In(Repository.Root));
        var shared = plan.Stages.Where(stage => stage.Kind is "dataset" or "features" or "reference").Select(stage => stage.Key)
            .ToHashSet();

        Golden.Check("tests/Golden/plans/two-arms.txt", PlanText.Describe(plan, shared.Contains));
    }
}
