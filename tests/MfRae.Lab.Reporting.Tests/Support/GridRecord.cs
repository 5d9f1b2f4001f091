using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A record whose arms differ in several options.</summary>
internal static class GridRecord
{
    /// <summary>λ × tangentLambda, four arms.</summary>
    public static ExperimentRecord Small() => Of(
        ("0", "0", null), ("0", "0.5", null), ("10", "0", null), ("10", "0.5", null));

    /// <summary>Arms in three options, one of them a word.</summary>
    public static ExperimentRecord Parallel() => Of(
        ("0", "0", "\"dual\""), ("0", "0.5", "\"central\""), ("10", "0", "\"dual\""), ("9", "0.5", "\"forward\""));

    private static ExperimentRecord Of(params (string Lambda, string Tangent, string? Kind)[] arms)
    {
        var record = SampleRecord.Sweep([0, 0.25, 0.5, 1], seeds: 2, steps: 4, diverged: false);
        return record with { Arms = [.. record.Arms.Select((arm, at) => arm with { Differences = Differences(arms[at]) })] };
    }

    private static Dictionary<string, string> Differences((string Lambda, string Tangent, string? Kind) arm)
    {
        var differences = new Dictionary<string, string>
        {
            ["meanflow.lambda"] = arm.Lambda,
            ["meanflow.tangentLambda"] = arm.Tangent,
        };
        if (arm.Kind is { } kind)
        {
            differences["meanflow.derivative.kind"] = kind;
        }

        return differences;
    }
}
