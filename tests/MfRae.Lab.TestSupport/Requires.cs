using System.ComponentModel;
using System.Diagnostics;

namespace MfRae.Lab.TestSupport;

/// <summary>Requirements of tests. A test calls the method of its requirement first, and is skipped with the reason where the requirement is missing.</summary>
public static class Requires
{
    private static readonly Lazy<bool> HasSqliteProgram = new(() => Runs("sqlite3", "--version"));
    private static readonly Lazy<bool> HasGit = new(() => Runs("git", "-c", $"safe.directory={Repository.Root}", "-C", Repository.Root, "ls-files"));
    private static readonly Lazy<bool> HasMpi = new(() => Runs("mpirun", "--version"));
    private static readonly Lazy<bool> CanMount = new(() =>
        OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Runs("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"));

    /// <summary>Linux.</summary>
    /// <param name="what">The part of Linux that the test uses.</param>
    public static void Linux(string what) => Assert.SkipUnless(OperatingSystem.IsLinux(), $"needs Linux: {what}");

    /// <summary>OpenMPI.</summary>
    public static void Mpi() => Assert.SkipUnless(
        OperatingSystem.IsLinux() && HasMpi.Value, "mpirun is not installed (on Debian: openmpi-bin and libopenmpi3)");

    /// <summary>Unix file modes.</summary>
    public static void Unix() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no Unix file modes");

    /// <summary>The right to become another user.</summary>
    public static void Root()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root of a Linux system can become another user");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv") && File.Exists("/bin/bash"), "setpriv and bash are not installed");
    }

    /// <summary>The right to mount a small file system.</summary>
    public static void Mount() => Assert.SkipUnless(CanMount.Value, "mounting a small file system takes Linux, root and the right to mount");

    /// <summary>A Chromium that the tests can start.</summary>
    public static void Chromium() => Assert.SkipUnless(
        BrowserPage.Find() is not null, "no Chromium on this machine: put chromium or google-chrome on the PATH, or its path in CHROMIUM");

    /// <summary>The program git, and a checkout with its git directory.</summary>
    public static void Git() => Assert.SkipUnless(HasGit.Value, $"git cannot list the files of {Repository.Root}");

    /// <summary>SQLite's own command-line program.</summary>
    public static void SqliteProgram() => Assert.SkipUnless(HasSqliteProgram.Value, "the program sqlite3 is not installed");

    /// <summary>A Python interpreter of version 3.9 or later, with some modules.</summary>
    /// <returns>The interpreter.</returns>
    public static string Python(params string[] modules)
    {
        // The packages of the system belong to its own interpreter, which need not be the first on the PATH.
        string? python = ((string[])["/usr/bin/python3", "python3"]).FirstOrDefault(candidate => Runs(
            candidate, "-c", string.Join("; ", modules.Select(module => $"import {module}").Prepend("import sys; assert sys.version_info >= (3, 9)"))));
        Assert.SkipUnless(python is not null, $"no python3 of version 3.9 or later{string.Concat(modules.Select(module => $", with {module},"))} on this machine");
        return python!;
    }

    private static bool Runs(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
