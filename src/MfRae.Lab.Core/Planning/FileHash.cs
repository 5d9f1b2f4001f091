using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Planning;

/// <summary>Hashes of files, and of the files and folders that options point to for <see cref="Planner"/>.</summary>
public static class FileHash
{
    /// <summary>
    /// A function from a path, relative to the working directory, to the SHA-256 in lower-case hex: of a file's content, of a folder's
    /// list of files with their lengths. To read a hundred gigabytes of images before each run would not be worth what it shows.
    /// </summary>
    public static Func<string, string> In(string workingDirectory) => path =>
    {
        string full = Path.GetFullPath(path, workingDirectory);
        try
        {
            if (Directory.Exists(full))
            {
                return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Listing(new DirectoryInfo(full)))));
            }

            return OfContent(full);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{full} cannot be read: {refused.Message} The options name it, so it must be a readable file.", refused);
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
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Listing(DirectoryInfo folder) => string.Join('\n', folder
        .EnumerateFiles("*", SearchOption.AllDirectories)
        .Select(file => $"{Path.GetRelativePath(folder.FullName, file.FullName).Replace(Path.DirectorySeparatorChar, '/')} {file.Length}")
        .Order(StringComparer.Ordinal));
}
