using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// Names of runs' folders. An arm's name is data: what would be a path, a hidden file or a device somewhere becomes a plain name, and
/// two runs never share one, on systems that do not tell capitals from small letters either.
/// </summary>
internal sealed partial class RunFolderNames
{
    private const int MostOfArm = 80;
    private const int Digits = 12;
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="run">The run's id: a name that had to change, or is taken, ends with its first digits, or all of them.</param>
    public string Of(string arm, long seed, string run)
    {
        var plain = Unsafe().Replace(arm, "_");
        plain = plain.Length > MostOfArm ? plain[..MostOfArm] : plain;
        if (plain.Length == 0 || plain[0] == '.' || ArtifactName.Fault(plain) is not null)
        {
            plain = "_" + plain;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{plain}-seed{seed}");
        string[] candidates = [name, $"{name}-{run[..Math.Min(Digits, run.Length)]}", $"{name}-{run}"];
        return candidates.Skip(plain == arm ? 0 : 1).FirstOrDefault(taken.Add)
            ?? throw new InvalidOperationException($"the run {run} is there twice");
    }

    [GeneratedRegex("[^A-Za-z0-9._=-]")]
    private static partial Regex Unsafe();
}
