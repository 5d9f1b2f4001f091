using System.Security.Cryptography;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Planning;

/// <summary>Hashes of files that options point to, for <see cref="Planner"/>.</summary>
public static class FileHash
{
    /// <summary>A function from a path, relative to the working directory, to the SHA-256 of the file in lower-case hex.</summary>
    public static Func<string, string> In(string workingDirectory) => path =>
    {
        string full = Path.GetFullPath(path, workingDirectory);
        try
        {
            using var stream = File.OpenRead(full);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{full} cannot be read: {refused.Message} The options name it, so it must be a readable file.", refused);
        }
    };
}
