using System.Security.Cryptography;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The identity of a file: SHA-256 of its content, in lower-case hex.</summary>
internal static class FileDigest
{
    /// <exception cref="LabException">The file is missing or cannot be read.</exception>
    public static string Of(string path) => Convert.ToHexStringLower(Bytes(path));

    /// <summary>The same as 32 bytes.</summary>
    public static byte[] Bytes(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return SHA256.HashData(file);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
    }
}
