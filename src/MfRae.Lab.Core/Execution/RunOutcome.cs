using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>How a plan ended.</summary>
/// <param name="Stages">Every stage, in the order of the plan.</param>
/// <param name="Interrupted">Whether the run or one of its workers was asked to stop: the same command goes on from the
/// checkpoints.</param>
public sealed record RunOutcome(IReadOnlyList<StageOutcome> Stages, bool Interrupted)
{
    public bool Succeeded => Stages.All(stage => stage.Status == StageStatus.Completed);

    public bool AnyFailed => Stages.Any(stage => stage.Status.IsFailure());
}
