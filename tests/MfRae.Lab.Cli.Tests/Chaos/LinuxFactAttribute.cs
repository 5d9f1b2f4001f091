namespace MfRae.Lab.Cli.Tests.Chaos;

/// <summary>A test that sends signals and reads /proc.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "signals and the processes below a process are those of Linux";
    }
}
