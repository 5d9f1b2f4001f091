using System.Diagnostics;

namespace MfRae.Lab.Database.Tests.Support;

/// <summary>A fact about SQLite's own command-line program; skipped with its reason where that is missing.</summary>
public sealed class SqliteProgramFactAttribute : FactAttribute
{
    public SqliteProgramFactAttribute()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("sqlite3", "--version") { RedirectStandardOutput = true });
            process!.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip = "the program sqlite3 is not installed";
        }
    }
}
