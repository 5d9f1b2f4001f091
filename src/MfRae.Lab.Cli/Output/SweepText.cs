using System.Globalization;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>What a collection kept and deleted, by class.</summary>
public static class SweepText
{
    public static string Table(SweepPlan plan, bool dryRun)
    {
        var table = new TextTable("class", "kept", "bytes kept", dryRun ? "would delete" : "deleted", "bytes");
        foreach (var row in plan.Rows())
            table.Add(Name(row.Class), Number(row.Kept), Number(row.KeptBytes), Number(row.Doomed), Number(row.DoomedBytes));
        return table.Add(
            "total",
            Number(plan.Kept.Count),
            Number(plan.Kept.Sum(item => item.Bytes)),
            Number(plan.Doomed.Count),
            Number(plan.Doomed.Sum(item => item.Bytes))).ToString();
    }

    public static string Json(SweepPlan plan, bool dryRun) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("dryRun", dryRun);
        json.Objects("classes", plan.Rows(), row =>
        {
            json.WriteString("class", Name(row.Class));
            json.WriteNumber("kept", row.Kept);
            json.WriteNumber("keptBytes", row.KeptBytes);
            json.WriteNumber("deleted", row.Doomed);
            json.WriteNumber("deletedBytes", row.DoomedBytes);
        });
        json.Objects("deleted", plan.Doomed, item =>
        {
            json.WriteString("class", Name(item.Class));
            json.WriteString("name", item.Name);
            json.WriteNumber("bytes", item.Bytes);
            json.WriteString("touched", item.Touched);
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static string Name(SweepClass kind) => kind switch
    {
        SweepClass.Stage => "stages",
        SweepClass.Partial => "unfinished stages",
        SweepClass.SetAside => "set aside",
        SweepClass.Features => "feature cache",
        _ => "left by an earlier gc",
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
