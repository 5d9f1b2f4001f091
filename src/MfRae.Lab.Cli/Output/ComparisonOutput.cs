using System.Text.Json;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Cli.Output;

/// <summary>Two experiments side by side. Values that may not be compared are left out.</summary>
public static class ComparisonOutput
{
    public static string Text(string one, string other, IReadOnlyList<CrossComparison> compared)
    {
        var table = new TextTable("metric", "arm", one, "n", other, "n");
        foreach (var comparison in compared.Where(comparison => comparison.Conflicts.Count == 0))
        {
            foreach (var arm in Arms(comparison))
            {
                var (mine, theirs) = (Find(comparison.One, arm), Find(comparison.Other, arm));
                table.Add(comparison.Metric, arm, Value(mine), Count(mine), Value(theirs), Count(theirs));
            }
        }

        return $"mean ± sd over seeds{System.Environment.NewLine}{System.Environment.NewLine}{table}";
    }

    public static string Json(string one, string other, IReadOnlyList<CrossComparison> compared) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("one", one);
        json.WriteString("other", other);
        json.Objects("metrics", compared, comparison =>
        {
            json.WriteString("metric", comparison.Metric);
            json.Objects("conflicts", comparison.Conflicts, conflict =>
            {
                json.WriteString("field", conflict.Field);
                json.WriteString("one", conflict.One);
                json.WriteString("other", conflict.Other);
            });
            json.Objects("arms", comparison.Conflicts.Count == 0 ? Arms(comparison) : [], arm =>
            {
                json.WriteString("arm", arm);
                Sample(json, "one", Find(comparison.One, arm));
                Sample(json, "other", Find(comparison.Other, arm));
            });
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static void Sample(Utf8JsonWriter json, string name, ArmSample? sample)
    {
        if (sample is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("n", sample.Summary.Count);
        json.WriteNumber("seeds", sample.Planned);
        json.WriteNumber("diverged", sample.Diverged);
        if (sample.Summary.Count > 0)
            json.WriteNumber("mean", sample.Summary.Mean);
        if (sample.Summary.Deviation is { } deviation)
            json.WriteNumber("sd", deviation);
        json.WriteEndObject();
    }

    private static IEnumerable<string> Arms(CrossComparison comparison) =>
        comparison.One.Concat(comparison.Other).Select(sample => sample.Arm).Distinct();

    private static ArmSample? Find(IReadOnlyList<ArmSample> samples, string arm) => samples.FirstOrDefault(sample => sample.Arm == arm);

    private static string Value(ArmSample? sample) => sample is null ? "" : ResultsText.Value(sample.Summary);

    private static string Count(ArmSample? sample) => sample is null ? ""
        : (sample.Summary.Count == sample.Planned ? $"{sample.Planned}" : $"{sample.Summary.Count} of {sample.Planned}")
            + (sample.Diverged > 0 ? $", {sample.Diverged} diverged" : "");
}
