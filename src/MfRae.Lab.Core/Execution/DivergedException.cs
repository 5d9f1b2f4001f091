using System.Globalization;

namespace MfRae.Lab.Core.Execution;

/// <summary>Training left the finite numbers, or the limits that were declared for it: a finding, recorded as such, not a crash.</summary>
/// <param name="step">The step at which it was noticed.</param>
public sealed class DivergedException(long step, string message) : Exception(message)
{
    public long Step { get; } = step;

    public static DivergedException NotFinite(long step, string what) =>
        new(step, string.Create(CultureInfo.InvariantCulture, $"{what} is not finite at step {step}"));

    /// <summary>The gradient norm was above its limit for too many steps in a row.</summary>
    public static DivergedException Exploded(long step, double limit, long steps) => new(step, string.Create(
        CultureInfo.InvariantCulture, $"the gradient norm was above {limit} for {steps} steps in a row, by step {step}"));
}
