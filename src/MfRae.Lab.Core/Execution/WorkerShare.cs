namespace MfRae.Lab.Core.Execution;

/// <summary>How the machine is shared out among workers. Threads change no number, so the share may depend on what else is ready.</summary>
internal static class WorkerShare
{
    /// <summary>Workers at once.</summary>
    public static int Jobs(RunSettings settings, int cores) =>
        settings.Jobs > 0 ? settings.Jobs : settings.Device.StartsWith("cuda", StringComparison.Ordinal) ? 1 : Math.Max(1, cores);

    /// <summary>Threads of one worker where <paramref name="active"/> stages run or are ready to.</summary>
    public static int Threads(RunSettings settings, int cores, int active) =>
        settings.Threads > 0 ? settings.Threads : Math.Max(1, cores / Math.Max(1, Math.Min(Jobs(settings, cores), active)));
}
