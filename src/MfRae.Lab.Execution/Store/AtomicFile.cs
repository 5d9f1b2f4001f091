namespace MfRae.Lab.Execution.Store;

/// <summary>Writes a file under a temporary name, flushes it to the disk and renames it, so that a file with the final name is complete.</summary>
internal static class AtomicFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var aside = path + ".aside";
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(aside, path, overwrite: true);
    }
}
