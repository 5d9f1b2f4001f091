namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A fact that needs a browser; where none is installed it is skipped, with that reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (Chromium.Find() is null)
        {
            Skip = "no Chromium on this machine: put chromium or google-chrome on the PATH, or its path in CHROMIUM";
        }
    }
}
