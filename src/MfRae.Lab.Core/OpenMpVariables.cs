namespace MfRae.Lab.Core;

/// <summary>
/// Environment variables for how OpenMP's threads wait for each other. By default they spin for milliseconds. If anything else runs, such as
/// another worker, spinning takes most of the time (a Fréchet distance took 30 s instead of 1.4 s); spinning for microseconds costs nothing
/// on an idle machine. Values that the user has set are kept.
/// </summary>
public static class OpenMpVariables
{
    /// <summary>The variable that, if set, takes precedence over <see cref="SpinCount"/>.</summary>
    public const string WaitPolicy = "OMP_WAIT_POLICY";

    /// <summary>The variable with the number of turns of the waiting loop.</summary>
    public const string SpinCount = "GOMP_SPINCOUNT";

    /// <summary>A spin count that lasts microseconds.</summary>
    public const string ShortSpinCount = "3000";
}
