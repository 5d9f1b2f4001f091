using System.Globalization;
using System.Numerics;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// How the machine is shared out among workers. Libtorch adds numbers up thread by thread, so the last bits of a training depend on how
/// many it has: that number follows from the machine alone, never from what else runs or how many jobs there may be.
/// </summary>
internal static class WorkerShare
{
    // Small networks gain little from many threads, and there are more arms and seeds to train than cores. A quarter of the cores leaves
    // a large machine something to do while a single stage is in hand.
    private const int Workers = 4;

    /// <summary>Threads of each worker's numerics.</summary>
    public static int Threads(RunSettings settings, int cores) =>
        settings.Threads > 0 ? settings.Threads : 1 << BitOperations.Log2((uint)Math.Max(1, cores / Workers));

    /// <summary>
    /// What one worker is told. Jobs on `cuda` without a number each have a device of their own: the first free one, counting those that
    /// CUDA_VISIBLE_DEVICES shows.
    /// </summary>
    /// <param name="place">Which of the jobs it is, from 0.</param>
    public static RunSettings Of(RunSettings settings, int cores, int place) => settings with
    {
        Threads = Threads(settings, cores),
        Device = settings is { Device: "cuda", Jobs: > 1 } ? string.Create(CultureInfo.InvariantCulture, $"cuda:{place}") : settings.Device,
    };

    /// <summary>Workers at once.</summary>
    public static int Jobs(RunSettings settings, int cores) =>
        settings.Jobs > 0 ? settings.Jobs
        : settings.Device.StartsWith("cuda", StringComparison.Ordinal) ? 1
        : Math.Max(1, cores / Threads(settings, cores));
}
