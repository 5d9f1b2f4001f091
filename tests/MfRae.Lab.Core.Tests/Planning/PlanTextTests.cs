using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class PlanTextTests
{
    [Fact]
    public void A_plan_reads_as_committed()
    {
        var plan = Planner.Build(
            ExperimentReader.Read("tests/Golden/plans/two-arms.json", [], Repository.Root).Experiment!, FileHash.In(Repository.Root));
        var shared = plan.Stages.Where(stage => stage.Kind is "dataset" or "features" or "reference").Select(stage => stage.Key)
            .ToHashSet();

        Golden.Check("tests/Golden/plans/two-arms.txt", PlanText.Describe(plan, shared.Contains));
    }
}
