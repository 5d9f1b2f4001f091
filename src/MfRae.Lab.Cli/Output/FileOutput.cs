using MfRae.Lab.Core.Planning;

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

    /// <summary>
    /// Copies a file of any size, aside and with a rename, unless the target has the same content. Returns the SHA-256 of the source, in
    /// lower-case hex.
    /// </summary>
    public static string CopyIfChanged(string source, string target)
    {
        var hash = FileHash.Of(source);
        if (File.Exists(target) && new FileInfo(target).Length == new FileInfo(source).Length && FileHash.Of(target) == hash)
            return hash;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var aside = $"{target}.{System.Environment.ProcessId}.aside";
        File.Copy(source, aside, overwrite: true);
        File.Move(aside, target, overwrite: true);
        return hash;
    }

    public static bool IsSame(string path, byte[] content) =>
        File.Exists(path) && new FileInfo(path).Length == content.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
}
