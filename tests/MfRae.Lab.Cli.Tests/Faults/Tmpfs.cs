using System.Diagnostics;

namespace MfRae.Lab.Cli.Tests.Faults;

/// <summary>A small temporary file system, which can be filled and made read-only.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disk-").FullName;

    public Tmpfs(int megabytes) => Require("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", _folder);

    public string At(string name) => Path.Combine(_folder, name);

    /// <summary>Leaves less than a page free.</summary>
    public void Fill()
    {
        using var ballast = File.Create(At("ballast"));
        try
        {
            var block = new byte[1 << 16];
            while (true)
                ballast.Write(block);
        }
        catch (IOException)
        {
            // The file system is full, as intended.
        }
    }

    public void Empty() => File.Delete(At("ballast"));

    public void ReadOnly(bool yes) => Require("mount", "-o", yes ? "remount,ro" : "remount,rw", _folder);

    public void Dispose()
    {
        Run("umount", "-l", _folder);
        Directory.Delete(_folder);
    }

    public static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static void Require(string program, params string[] arguments) =>
        Run(program, arguments).Should().BeTrue($"{program} {string.Join(' ', arguments)} must work");
}
