namespace MfRae.Lab.Cli;

/// <summary>What the process tells its caller. Only <see cref="Program"/> and the verbs' return values use it.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Some runs failed or diverged.</summary>
    public const int RunsFailed = 1;

    /// <summary>The command line or the experiment file is wrong; nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Results are not comparable, or a verification failed.</summary>
    public const int Incomparable = 3;

    /// <summary>The environment is not as needed: a missing file, a broken database, a device that is not there.</summary>
    public const int Environment = 4;

    /// <summary>A live process holds the store or the database.</summary>
    public const int Locked = 5;

    /// <summary>Stopped by Ctrl-C, after a checkpoint.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM, after a checkpoint.</summary>
    public const int Terminated = 143;
}
