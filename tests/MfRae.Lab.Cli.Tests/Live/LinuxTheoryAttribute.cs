namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A theory that sends signals and reads /proc.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "signals and the processes below a process are those of Linux";
    }
}
