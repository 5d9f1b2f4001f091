using System.Text.Json.Nodes;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>The options in which arms were patched, and what each arm has there.</summary>
internal sealed record OptionTable(IReadOnlyList<OptionRow> Rows)
{
    public static OptionTable Of(IReadOnlyList<ArmRecord> arms)
    {
        var options = arms.Select(arm => StoredJson.Parse(arm.OptionsJson)).ToArray();
        return new([
            .. from path in arms.SelectMany(arm => arm.Differences.Keys).Distinct().Order(StringComparer.Ordinal)
               select new OptionRow(
                   path, [.. arms.Select((arm, i) => arm.Differences.TryGetValue(path, out var json) ? json : Find(options[i], path))]),
        ]);
    }

    /// <summary>The value at a dotted path, or the empty string where the arm has no such option.</summary>
    private static string Find(JsonNode? node, string path) => StoredJson.Find(node, path.Split('.'))?.ToJsonString() ?? "";
}
