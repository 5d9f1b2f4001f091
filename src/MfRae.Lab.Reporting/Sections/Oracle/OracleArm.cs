using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Oracle;

/// <summary>An arm with its two λ and its values.</summary>
/// <param name="Group">What tells it from others beside λ; empty where that is nothing.</param>
internal sealed record OracleArm(ReportData Data, ArmView Arm, double Lambda, double TangentLambda, string Group)
{
    private static readonly string[] LambdaPaths = ["meanflow.lambda", "meanflow.tangentLambda"];

    /// <summary>Aim and direction have the same λ.</summary>
    public bool IsDiagonal => Lambda == TangentLambda;

    /// <summary>The arms that have a λ and were measured against an oracle.</summary>
    public static IReadOnlyList<OracleArm> All(ReportData data) =>
        [.. data.Arms.Select(arm => Of(data, arm)).OfType<OracleArm>()];

    /// <summary>Seed → value, where it was measured.</summary>
    public IReadOnlyList<(long Seed, double Value)> Values(string key) =>
    [
        .. from run in Arm.Runs
           let found = RunMeasurement.Of(run, Data.Stages).GetValueOrDefault(key)
           where found?.Measurement.Value is not null
           select (run.Seed, found.Measurement.Value!.Value),
    ];

    /// <summary>The mean over seeds; null without a value, or where the seeds have values of different identities.</summary>
    public double? Mean(string key) =>
        Arm.Of(Data.Compare(key)).Conflict is null && Values(key) is { Count: > 0 } values ? values.Average(value => value.Value) : null;

    /// <summary>Whether the values of all arms have one identity, so one chart may show them.</summary>
    public bool IsComparable(string key) => Data.Compare(key).Conflict is null;

    private static OracleArm? Of(ReportData data, ArmView arm)
    {
        var options = StoredJson.Parse(arm.Record.OptionsJson);
        return StoredJson.Number(StoredJson.Find(options, "meanflow", "lambda")) is not { } lambda ? null : new(
            data, arm, lambda, StoredJson.Number(StoredJson.Find(options, "meanflow", "tangentLambda")) ?? lambda, GroupOf(data, arm));
    }

    private static string GroupOf(ReportData data, ArmView arm) => string.Join(", ", data.Options.Rows
        .Where(row => row.Differs && !LambdaPaths.Contains(row.Path) && row.Values[arm.Index].Length > 0)
        .Select(row => $"{row.Path} {row.Values[arm.Index].Replace("\"", "")}"));
}
