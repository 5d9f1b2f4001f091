namespace MfRae.Lab.Cli.Output;

/// <summary>Writes files that others may be looking at.</summary>
public static class FileOutput
{
    /// <summary>
    /// Writes aside and renames, and only where the bytes differ: a file that did not change keeps its time. True if it was
    /// written.
    /// </summary>
    public static bool WriteIfChanged(string path, byte[] content)
    {
        if (IsSame(path, content))
            return false;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var aside = $"{path}.{System.Environment.ProcessId}.aside";
        File.WriteAllBytes(aside, content);
        File.Move(aside, path, overwrite: true);
        return true;
    }

    public static bool IsSame(string path, byte[] content) =>
        File.Exists(path) && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}
