using System.Globalization;

namespace MfRae.Lab.Core;

/// <summary>
/// The environment is not as needed: a missing or broken file, a locked store, a failed device. The message says what,
/// where, and what would be right.
/// </summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Values that are not finite, or a training outside the limits that were declared for it: a result, recorded as such, not a crash.
/// </summary>
/// <param name="step">The training step at which it happened; 0 outside training.</param>
public sealed class DivergedException(long step, string message) : Exception(message)
{
    public long Step { get; } = step;

    public static DivergedException NotFinite(long step, string what) =>
        new(step, string.Create(CultureInfo.InvariantCulture, $"{what} is not finite at step {step}"));

    /// <summary>Outside training.</summary>
    /// <param name="what">The values, in the plural.</param>
    public static DivergedException NotFinite(string what) => new(0, $"{what} hold NaN or infinite values");

    /// <summary>The gradient norm was above its limit for too many steps in a row.</summary>
    public static DivergedException Exploded(long step, double limit, long steps) => new(step, string.Create(
        CultureInfo.InvariantCulture, $"the gradient norm was above {limit} for {steps} steps in a row, by step {step}"));
}
