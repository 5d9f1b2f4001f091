namespace MfRae.Lab.Core.Statistics;

/// <summary>What the measurements say of an arm against the baseline.</summary>
public enum Verdict
{
    /// <summary>Adjusted p below .05, in the good direction, beyond the noise band.</summary>
    Better,

    /// <summary>Adjusted p below .05, in the bad direction, beyond the noise band.</summary>
    Worse,

    /// <summary>Enough seeds to tell, and they do not: inside the noise band, p too large, or a metric without direction.</summary>
    Inconclusive,

    /// <summary>Too few paired seeds for any outcome to reach p below .05.</summary>
    Underpowered,

    /// <summary>The numbers are values of different things.</summary>
    NotComparable,

    /// <summary>
    /// Seeds of the arm diverged, or all seeds of the baseline did. Those that did not are no verdict on the arm: they are the ones that
    /// happened to survive.
    /// </summary>
    Diverged,

    /// <summary>No seed has a value in both arms.</summary>
    Missing,
}
