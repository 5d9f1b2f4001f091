using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>How a plan is carried out.</summary>
/// <param name="FailFast">Stop at the first stage that fails or diverges, instead of going on with what does not need it.</param>
/// <param name="Fresh">Set what is there of the plan's stages aside, and compute all of it again.</param>
/// <param name="RetryFailed">Compute stages from their beginning that failed or diverged in an earlier run. Without it a stage that failed
/// goes on from its checkpoint, and one that diverged is left alone: divergence is a result like any other.</param>
/// <param name="Wait">Wait for a live process that computes a stage of the plan, instead of giving up.</param>
/// <param name="Origin">The command and its source, for the record of each attempt.</param>
/// <param name="Flops">Stage key → floating-point operations, estimated, for the same record; asked for when the first stage starts.</param>
public sealed record RunOptions(
    bool FailFast = false,
    bool Fresh = false,
    bool RetryFailed = false,
    bool Wait = true,
    RunOrigin? Origin = null,
    Lazy<IReadOnlyDictionary<string, double>>? Flops = null);
