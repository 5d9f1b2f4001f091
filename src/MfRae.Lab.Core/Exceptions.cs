using System.Globalization;

namespace MfRae.Lab.Core;

/// <summary>
/// A problem of the environment: a missing or damaged file, a locked store, a failed device. The message states what happened, where, and
/// what to do.
/// </summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A training that a declared rule stopped. This is a result and is recorded as one.</summary>
/// <param name="step">The training step.</param>
public sealed class StoppedException(long step, string message) : Exception(message)
{
    /// <summary>The training step.</summary>
    public long Step { get; } = step;
}

/// <summary>
/// Values that are not finite, or a training beyond its declared limits. This is a result and is recorded as one; it is not a crash.
/// </summary>
/// <param name="step">The training step at which it happened; 0 outside training.</param>
public sealed class DivergedException(long step, string message) : Exception(message)
{
    /// <summary>The training step; 0 outside training.</summary>
    public long Step { get; } = step;

    /// <summary>A value that is not finite at a training step.</summary>
    public static DivergedException NotFinite(long step, string what) =>
        new(step, string.Create(CultureInfo.InvariantCulture, $"{what} is not finite at step {step}"));

    /// <summary>Values outside training that are not finite.</summary>
    /// <param name="what">The values, in the plural.</param>
    public static DivergedException NotFinite(string what) => new(0, $"{what} contain NaN or infinite values");

    /// <summary>The gradient norm of the unweighted loss was above its limit for too many steps in a row.</summary>
    public static DivergedException Exploded(long step, double limit, long steps) => new(step, string.Create(
        CultureInfo.InvariantCulture, $"the gradient norm of the unweighted loss was above {limit} for {steps} steps in a row, by step {step}"));
}
