namespace MfRae.Lab.Cli.Tests.Faults;

/// <summary>A test that needs a file system of its own.</summary>
public sealed class DiskFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanMount = new(() =>
        OperatingSystem.IsLinux() && Environment.UserName == "root" && Tmpfs.Run("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"));

    public DiskFactAttribute()
    {
        if (!CanMount.Value)
            Skip = "mounting a small file system takes Linux, root and the right to mount";
    }
}
