namespace MfRae.Lab.Core;

/// <summary>What several ranks need on a machine.</summary>
public static class RankSupport
{
    /// <summary>The command that starts ranks outside of a cluster's scheduler.</summary>
    public const string Mpirun = "mpirun";

    /// <summary>A message for the user about a missing part of OpenMPI.</summary>
    /// <param name="what">The missing part.</param>
    public static string Missing(string what) =>
        $"{what} is not on this machine: --ranks needs OpenMPI 4 (on Debian and Ubuntu: apt-get install openmpi-bin libopenmpi3). "
            + "Without --ranks, a stage is one process";

    /// <summary>Checks that this machine can start ranks.</summary>
    /// <exception cref="LabException">It cannot.</exception>
    public static void Check()
    {
        if (!OperatingSystem.IsLinux())
            throw new LabException("--ranks needs Linux and OpenMPI. Without it, a stage is one process");
        foreach (var command in (string[])[Mpirun, "setsid"])
        {
            if (!ProgramSearch.Finds(command, File.Exists))
                throw new LabException(Missing($"the command {command}"));
        }
    }
}
