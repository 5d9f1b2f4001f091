using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Exit codes of a worker process.</summary>
public static class WorkerExit
{
    public const int Completed = 0;

    /// <summary>Failed or diverged; the journal says which.</summary>
    public const int Failed = 1;

    /// <summary>
    /// The machine is not as needed. Where the journal does not say that the stage failed of it, no stage can be computed here: the store
    /// cannot be written, or the device is not there.
    /// </summary>
    public const int Environment = 4;

    public const int Interrupted = 130;

    /// <summary>Whether something outside ended the process: a signal on Unix, a fault or a termination on Windows.</summary>
    public static bool IsSignal(int code) => code is (> 128 and < 128 + 65 and not Interrupted) or < 0;

    /// <summary>How an attempt ended whose journal does not say.</summary>
    /// <param name="starved">Whether the system ended processes for want of memory meanwhile.</param>
    public static string Status(int code, bool starved) => code switch
    {
        128 + 4 or 128 + 6 or 128 + 7 or 128 + 8 or 128 + 11 => AttemptStatus.Failed,
        128 + 9 when starved => AttemptStatus.OutOfMemory,
        _ when IsSignal(code) => AttemptStatus.Killed,
        _ => AttemptStatus.Failed,
    };

    /// <summary>What an exit code says to a reader.</summary>
    public static string Describe(int code, bool starved = false) => code switch
    {
        128 + 9 when starved => "the system ended the worker (signal 9) for want of memory. Run fewer stages at once (--jobs 1), or make "
            + "the batches smaller",
        128 + 6 => "the worker aborted (signal 6): a native library gave up",
        128 + 9 => "the worker was killed (signal 9): by somebody, or by the system for want of memory",
        128 + 11 => "the worker crashed (signal 11): a native library touched memory that was not its own",
        _ when IsSignal(code) && code > 0 => $"the worker was ended by signal {code - 128}",
        _ => $"the worker ended with exit code {code} and without a word in its journal",
    };
}
