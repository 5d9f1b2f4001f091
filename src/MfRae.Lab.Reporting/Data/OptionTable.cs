using System.Globalization;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Records;

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

/// <summary>One option across the arms.</summary>
/// <param name="Values">JSON text for each arm.</param>
internal sealed record OptionRow(string Path, IReadOnlyList<string> Values)
{
    public bool Differs => Values.Distinct().Count() > 1;
}

/// <summary>The one numeric option along which arms are ordered.</summary>
/// <param name="Ranks">For each arm its place among the distinct values, 0 at the lowest and 1 at the highest.</param>
internal sealed record ArmAxis(string Path, IReadOnlyList<double> Ranks)
{
    /// <summary>The axis, or null where arms differ in more than one option, or not in numbers.</summary>
    public static ArmAxis? Of(OptionTable options)
    {
        if (options.Rows.Count != 1 || options.Rows[0].Values.Count < 2)
        {
            return null;
        }

        var values = new List<double>();
        foreach (var text in options.Rows[0].Values)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            values.Add(value);
        }

        var distinct = values.Distinct().Order().ToList();
        return distinct.Count < 2
            ? null
            : new(options.Rows[0].Path, [.. values.Select(value => distinct.IndexOf(value) / (distinct.Count - 1d))]);
    }
}
