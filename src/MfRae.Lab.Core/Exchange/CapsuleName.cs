using System.Text.RegularExpressions;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Core.Exchange;

/// <summary>
/// Names of entries, of which there are these and no others: `capsule.json`; `plans/plan.json`, `plans/marks.json`,
/// `plans/SHA256.patch`; `KEY/NAME`, a file of a complete stage; `KEY.0/NAME`, one of a stage that
/// was not completed; `KEY.1/NAME`, …, of what was set aside. They come
/// from a file that somebody else may have made, and become paths.
/// </summary>
internal static partial class CapsuleName
{
    public const string Index = "capsule.json";
    public const string Plan = "plans/plan.json";
    public const string Marks = "plans/marks.json";

    public static string Patch(string hash) => $"plans/{hash}.patch";

    public static bool IsOurs(string name) => name is Plan or Marks || PatchPattern().IsMatch(name) || Stage(name) is not null;

    /// <summary>The stage's key, or null where the entry is no stage's.</summary>
    public static string? Stage(string name) =>
        StagePattern().Match(name) is { Success: true } match && ArtifactName.IsName(match.Groups[2].Value) ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\Aplans/[0-9a-f]{64}\.patch\z", RegexOptions.CultureInvariant)]
    private static partial Regex PatchPattern();

    [GeneratedRegex(@"\A([0-9a-f]{64})(?:\.(?:0|[1-9][0-9]{0,4}))?/([^/\\]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex StagePattern();
}
