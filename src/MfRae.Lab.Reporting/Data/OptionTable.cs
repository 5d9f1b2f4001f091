using System.Globalization;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Data;

/// <summary>The options that arms change, with the value of each arm.</summary>
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

    /// <summary>The value at a dotted path; the empty string if the arm has no such option.</summary>
    private static string Find(JsonNode? node, string path) => StoredJson.Find(node, path.Split('.'))?.ToJsonString() ?? "";
}

/// <summary>One option across the arms.</summary>
/// <param name="Values">JSON text for each arm.</param>
internal sealed record OptionRow(string Path, IReadOnlyList<string> Values)
{
    public bool Differs => Values.Distinct().Count() > 1;
}

/// <summary>A single numeric option that orders the arms.</summary>
/// <param name="Ranks">For each arm the rank of its value, from 0 for the lowest to 1 for the highest.</param>
internal sealed record ArmAxis(string Path, IReadOnlyList<double> Ranks)
{
    /// <summary>The axis; null if arms differ in several options, or in an option that is not numeric.</summary>
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
