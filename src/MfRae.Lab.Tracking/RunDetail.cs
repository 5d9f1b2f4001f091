using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking;

/// <summary>One run with its stages and what they measured.</summary>
/// <param name="Stages">Inputs before users.</param>
public sealed record RunDetail(RunListing Run, IReadOnlyList<RunStage> Stages);

/// <param name="Role">What the stage is to the run: its kind, or teacherSampling, reference.SPLIT, …</param>
public sealed record RunStage(string Role, StageRecord Stage);
