namespace MfRae.Lab.Core.Execution;

/// <summary>How a plan is carried out.</summary>
/// <param name="FailFast">Stop at the first stage that fails or diverges, instead of going on with what does not need it.</param>
/// <param name="Fresh">Set what is there of the plan's stages aside, and compute all of it again.</param>
/// <param name="RetryDiverged">Try stages again that diverged in an earlier run. They would diverge again: divergence is a
/// result like any other.</param>
public sealed record RunOptions(bool FailFast = false, bool Fresh = false, bool RetryDiverged = false);
