namespace MfRae.Lab.Learning.Formats;

/// <summary>Writes files so that one that exists is whole: aside, then by a rename.</summary>
internal static class FileAside
{
    public static void Write(string path, Action<FileStream> write)
    {
        var aside = path + ".tmp";
        try
        {
            using (var file = File.Create(aside))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
