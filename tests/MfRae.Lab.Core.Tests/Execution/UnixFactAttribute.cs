namespace MfRae.Lab.Core.Tests.Execution;

/// <summary>A fact about Unix, skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "Windows has no Unix file modes";
        }
    }
}
