namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A test that becomes another user, which only root may.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Skip = "only root of a Linux system can become another user";
        else if (!File.Exists("/usr/bin/setpriv") || !File.Exists("/bin/bash"))
            Skip = "setpriv and bash are not installed";
    }
}
