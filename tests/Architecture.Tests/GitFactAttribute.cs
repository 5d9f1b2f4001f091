namespace Architecture.Tests;

/// <summary>A test of what git tracks: skipped, with the reason, in a copy without a git directory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GitFactAttribute : FactAttribute
{
    public GitFactAttribute()
    {
        try
        {
            Repository.TrackedFiles();
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Skip = $"git cannot list the files of {Repository.Root}";
        }
    }
}
