using System.CommandLine;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`compare`: lists the values of two experiments side by side, for each metric whose values are comparable.</summary>
internal static class CompareVerb
{
    public static Command Create(LabContext lab)
    {
        var (one, other, json) = (CommonOptions.Version("EXPERIMENT"), CommonOptions.Version("OTHER"), CommonOptions.Json());
        var metric = new Option<string>("--metric") { Description = "Only this metric, such as fid@1", HelpName = "METRIC" };
        var command = new Verb("compare",
            "Compare the arms of two experiments. If values are not comparable, print the fields that differ and exit with 3",
            "ablation-lambda ablation-cmt --metric fid@1")
        {
            one, other, metric, json,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(one), parsed.GetRequiredValue(other), parsed.GetValue(metric), parsed.GetValue(json)));
        return command;
    }

    /// <param name="metric">The key of a metric; null: all metrics that both experiments have.</param>
    /// <returns>3 if a metric is not comparable.</returns>
    private static int Execute(LabContext lab, string one, string other, string? metric, bool json)
    {
        using var database = lab.OpenDatabase();
        var names = new NameResolver(new RunQueries(database));
        var (first, second) = (names.Version(one), names.Version(other));
        var compared = CrossComparison.Of(first, second);
        if (metric is not null)
        {
            var keys = compared.Select(comparison => comparison.Metric).ToList();
            compared = keys.Contains(metric)
                ? [.. compared.Where(comparison => comparison.Metric == metric)]
                : throw new LabException(
                    $"`{PrintableText.Of(metric)}` is not measured in both experiments; {NameResolver.Near(metric, keys)}");
        }

        if (json)
            lab.Terminal.Out.WriteLine(Json(first, second, compared));
        else
            lab.Terminal.Text.Write(Text(first, second, compared));
        return Comparability.Report(lab.Terminal, compared);
    }

    private static string Text(ExperimentRecord one, ExperimentRecord other, IReadOnlyList<CrossComparison> compared)
    {
        var table = new TextTable("metric", "arm", one.Name, "n", other.Name, "n", "verdict on the second");
        foreach (var comparison in compared.Where(comparison => comparison.Conflicts.Count == 0))
        {
            var differences = CrossDifferences.Of(comparison, one, other);
            foreach (var arm in Arms(comparison))
            {
                var (mine, theirs) = (Find(comparison.One, arm), Find(comparison.Other, arm));
                table.Add(
                    comparison.Metric, arm, Value(mine), Count(mine), Value(theirs), Count(theirs),
                    differences.FirstOrDefault(difference => difference.Arm == arm) is { } found ? Word(found) : "");
            }
        }

        return $"mean ± sd over seeds{System.Environment.NewLine}{System.Environment.NewLine}{table}";
    }

    private static string Word(CrossDifference difference) => difference.Verdict is { } verdict ? ComparisonText.Word(verdict) : "same";

    private static string Json(ExperimentRecord one, ExperimentRecord other, IReadOnlyList<CrossComparison> compared) => JsonText.Of(new ComparisonJson(
        one.Name,
        other.Name,
        [.. compared.Select(comparison => new MetricJson(
            comparison.Metric,
            [.. comparison.Conflicts.Select(conflict => new ConflictJson(conflict.Field, conflict.One, conflict.Other))],
            comparison.Conflicts.Count > 0 ? [] : ArmsJson(one, other, comparison)))]));

    private static IReadOnlyList<ArmJson> ArmsJson(ExperimentRecord one, ExperimentRecord other, CrossComparison comparison)
    {
        var differences = CrossDifferences.Of(comparison, one, other).ToDictionary(difference => difference.Arm);
        return [.. Arms(comparison).Select(arm => new ArmJson(
            arm,
            Sample(Find(comparison.One, arm)),
            Sample(Find(comparison.Other, arm)),
            differences.TryGetValue(arm, out var found) ? Word(found) : null))];
    }

    private static SampleJson? Sample(ArmSample? sample) => sample is null ? null : new(
        sample.Summary.Count, sample.Planned, sample.Diverged, sample.Summary.Count > 0 ? sample.Summary.Mean : null, sample.Summary.Deviation);

    private static IEnumerable<string> Arms(CrossComparison comparison) =>
        comparison.One.Concat(comparison.Other).Select(sample => sample.Arm).Distinct();

    private static ArmSample? Find(IReadOnlyList<ArmSample> samples, string arm) => samples.FirstOrDefault(sample => sample.Arm == arm);

    private static string Value(ArmSample? sample) => sample is null ? "" : ResultsText.Value(sample.Summary);

    private static string Count(ArmSample? sample) => sample is null ? ""
        : (sample.Summary.Count == sample.Planned ? $"{sample.Planned}" : $"{sample.Summary.Count} of {sample.Planned}")
            + (sample.Diverged > 0 ? $", {sample.Diverged} diverged" : "");

    private sealed record ComparisonJson(string One, string Other, IReadOnlyList<MetricJson> Metrics);

    private sealed record MetricJson(string Metric, IReadOnlyList<ConflictJson> Conflicts, IReadOnlyList<ArmJson> Arms);

    private sealed record ConflictJson(string Field, string One, string Other);

    private sealed record ArmJson(string Arm, SampleJson? One, SampleJson? Other, string? Verdict);

    private sealed record SampleJson(
        int N,
        int Seeds,
        int Diverged,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Mean,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Sd);
}

/// <summary>Reports the metrics of two experiments that are not comparable.</summary>
internal static class Comparability
{
    /// <summary>Writes each field in which the identities of a metric's values differ.</summary>
    /// <returns>3 if a metric is not comparable, or if the experiments have no metric in common.</returns>
    public static int Report(Terminal terminal, IReadOnlyList<CrossComparison> compared)
    {
        foreach (var comparison in compared)
        {
            foreach (var conflict in comparison.Conflicts)
            {
                terminal.Error.WriteLine($"{PrintableText.Of(comparison.Metric)} is not comparable: {conflict.Field} is "
                    + $"{PrintableText.Of(conflict.One)} and {PrintableText.Of(conflict.Other)}");
            }
        }

        if (compared.Count == 0)
            terminal.Error.WriteLine("the experiments have no metric in common");
        return compared.Count > 0 && compared.All(comparison => comparison.Conflicts.Count == 0) ? ExitCode.Ok : ExitCode.Incomparable;
    }
}
