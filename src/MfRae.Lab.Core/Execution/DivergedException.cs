namespace MfRae.Lab.Core.Execution;

/// <summary>Training left the finite numbers: a finding, recorded as such, not a crash.</summary>
public sealed class DivergedException(long step, string what) : Exception($"{what} is not finite at step {step}")
{
    public long Step { get; } = step;
}
