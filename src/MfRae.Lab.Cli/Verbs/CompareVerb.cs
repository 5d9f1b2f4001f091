using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Puts the arms of two experiments side by side, metric by metric, where their values may be compared.</summary>
public sealed class CompareVerb(Terminal terminal, LabPaths places)
{
    /// <param name="metric">Only this one, by its key; null: all that both have.</param>
    /// <returns>3 where a metric is not comparable, after all fields that differ were told.</returns>
    public int Execute(string one, string other, string? metric, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var subjects = new NameResolver(new RunQueries(database));
        var (first, second) = (subjects.Version(one), subjects.Version(other));
        var compared = CrossComparison.Of(first, second);
        if (metric is not null)
        {
            var keys = compared.Select(comparison => comparison.Metric).ToList();
            compared = keys.Contains(metric)
                ? [.. compared.Where(comparison => comparison.Metric == metric)]
                : throw new LabException(
                    $"`{PrintableText.Of(metric)}` is not measured in both experiments; {NameResolver.Near(metric, keys)}");
        }

        (json ? terminal.Out : terminal.Text).Write(json
            ? ComparisonOutput.Json(first.Name, second.Name, compared)
            : ComparisonOutput.Text(first.Name, second.Name, compared));
        return Comparability.Tell(terminal, compared);
    }
}

/// <summary>Whether the metrics of two experiments may be compared.</summary>
internal static class Comparability
{
    /// <summary>Tells every field in which identities differ.</summary>
    /// <returns>3 where a metric is not comparable, or there is none.</returns>
    public static int Tell(Terminal terminal, IReadOnlyList<CrossComparison> compared)
    {
        foreach (var comparison in compared)
            foreach (var conflict in comparison.Conflicts)
                terminal.Error.WriteLine($"{PrintableText.Of(comparison.Metric)} is not comparable: {conflict.Field} is "
                    + $"{PrintableText.Of(conflict.One)} and {PrintableText.Of(conflict.Other)}");
        if (compared.Count == 0)
            terminal.Error.WriteLine("there is no metric that both experiments have measured");
        return compared.Count > 0 && compared.All(comparison => comparison.Conflicts.Count == 0) ? ExitCode.Ok : ExitCode.Incomparable;
    }
}

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
