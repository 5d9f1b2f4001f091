using System.Globalization;

namespace MfRae.Lab.Reporting.Data;

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
