namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>A fact about libtorch's Linux build, skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "libtorch's forward-mode differentiation is reached by symbols of its Linux build";
    }
}
