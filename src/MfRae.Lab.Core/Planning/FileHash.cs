using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Images;

namespace MfRae.Lab.Core.Planning;

/// <summary>Hashes of files, and of the files and folders that options point to for <see cref="Planner"/>.</summary>
public static class FileHash
{
    /// <summary>
    /// A function from a path, relative to the working directory, to a SHA-256 in lower-case hex: of the content of a file, or for a folder,
    /// of its list of images with their lengths and of the file with the classes of a flat folder. The images themselves are not read:
    /// reading a hundred gigabytes before each run would cost too much.
    /// </summary>
    public static Func<string, string> In(string workingDirectory, CancellationToken stop = default) => path =>
    {
        string full = Path.GetFullPath(path, workingDirectory);
        try
        {
            if (Directory.Exists(full))
            {
                return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Listing(full, stop))));
            }

            return OfContent(full);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{full} cannot be read: {refused.Message} It must be a readable file, because the options name it.", refused);
        }
    };

    /// <summary>The identity of a file: SHA-256 of its content, in lower-case hex.</summary>
    /// <exception cref="LabException">The file is missing or cannot be read.</exception>
    public static string Of(string path)
    {
        try
        {
            return OfContent(path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
    }

    private static string OfContent(string path)
    {
        if (RegularFile.IsSpecial(path))
            throw new IOException("It is a pipe, a socket or a device.");
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    // The number in the first line changes with the rules for which files count.
    private static string Listing(string folder, CancellationToken stop) => string.Join('\n',
    [
        "images 2",
        .. ImageFiles.Below(folder, stop).Files.Select(file => FormattableString.Invariant($"{file.Path} {file.Length}")),
        .. ImageFiles.IsFlat(folder) && FlatLabels.Find(folder) is { } labels ? [$"classes {OfContent(labels)}"] : Array.Empty<string>(),
    ]);
}
