using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Hashes of files, as cards and keys have them.</summary>
public static class WeightHash
{
    /// <summary>SHA-256 in lower-case hex.</summary>
    /// <exception cref="LabException">The file is missing or cannot be read.</exception>
    public static string Of(string path)
    {
        try
        {
            return FileHash.Of(path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
    }
}
