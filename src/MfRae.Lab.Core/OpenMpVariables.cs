namespace MfRae.Lab.Core;

/// <summary>
/// How OpenMP's threads wait for each other: by default in a loop that keeps the core busy for milliseconds. As soon as anything else
/// runs, another worker included, most of the time goes there (a Fréchet distance took 30 s instead of 1.4); a loop of microseconds costs
/// nothing on a quiet machine. Whoever has set either variable knows better.
/// </summary>
public static class OpenMpVariables
{
    /// <summary>The variable that decides instead, where it is set.</summary>
    public const string WaitPolicy = "OMP_WAIT_POLICY";

    public const string SpinCount = "GOMP_SPINCOUNT";

    /// <summary>Turns of the loop: microseconds.</summary>
    public const string ShortSpinCount = "3000";
}
