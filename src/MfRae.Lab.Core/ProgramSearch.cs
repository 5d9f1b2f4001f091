namespace MfRae.Lab.Core;

/// <summary>Programs in the folders of PATH.</summary>
public static class ProgramSearch
{
    /// <summary>Whether a folder of PATH has a program of this name; on Windows also with the ending .exe.</summary>
    /// <param name="isFile">Whether a path names a file; a folder of PATH may be relative.</param>
    public static bool Finds(string name, Func<string, bool> isFile) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => isFile(Path.Combine(folder, name)) || (OperatingSystem.IsWindows() && isFile(Path.Combine(folder, name + ".exe"))));
}
