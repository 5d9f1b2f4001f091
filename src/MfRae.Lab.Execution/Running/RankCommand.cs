using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Execution.Running;

/// <summary>The command that starts the worker of a stage: the worker itself, or mpirun or srun, which start it once for each rank.</summary>
public static class RankCommand
{
    // mpirun passes these variables on to ranks on other machines; ranks on this machine inherit all variables.
    private static readonly string[] Variables =
    [
        "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "DOTNET_GCgen0size",
    ];

    /// <summary>The command.</summary>
    /// <param name="settings">The settings of the stage.</param>
    /// <param name="worker">The command of one worker.</param>
    /// <exception cref="LabException">mpirun is not on this machine.</exception>
    public static IReadOnlyList<string> Of(RunSettings settings, IReadOnlyList<string> worker)
    {
        if (settings.Ranks <= 1)
        {
            return worker;
        }

        var ranks = settings.Ranks.ToString(CultureInfo.InvariantCulture);
        if (settings.RankLauncher == RunSettings.Srun)
        {
            // The standard input, whose end asks the stage to stop, belongs to rank 0.
            return
            [
                "srun", "--mpi=pmix", "--ntasks=" + ranks, string.Create(CultureInfo.InvariantCulture, $"--cpus-per-task={settings.Threads}"),
                "--input=0", "--kill-on-bad-exit=1", .. worker,
            ];
        }

        RankSupport.Check();
        return
        [
            // Ctrl-C reaches every process of the terminal's session, and mpirun would end the ranks at once instead of after a checkpoint.
            "setsid", "--wait",
            // mpirun binds each rank to one core, which all threads of the rank would share, and refuses more ranks than cores.
            RankSupport.Mpirun, "-n", ranks, "--bind-to", "none", "--oversubscribe",
            // A rank that waits for the others leaves its core to them.
            "--mca", "mpi_yield_when_idle", "1",
            .. Environment.IsPrivilegedProcess ? ["--allow-run-as-root"] : (string[])[],
            .. Variables.SelectMany(variable => (string[])["-x", variable]), .. worker,
        ];
    }
}
