using System.Text.Json;

namespace MfRae.Lab.Cli.Output;

/// <summary>The results of a run for programs.</summary>
public static class RunReportJson
{
    public static string Write(RunReport report) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("status", report.Status);
        json.WriteStartObject("stages");
        json.WriteNumber("total", report.Stages);
        json.WriteNumber("reused", report.Reused);
        json.WriteNumber("computed", report.Computed);
        json.WriteNumber("failed", report.Failed);
        json.WriteEndObject();
        if (report.Results is { } results)
            Write(json, results);
        json.WriteString("report", report.ReportFile);
        json.WriteString("database", report.DatabaseFile);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, Results results)
    {
        json.WriteString("experiment", results.Record.Name);
        json.WriteString("primaryMetric", results.Record.PrimaryMetric);
        json.Objects("results", results.Rows, row =>
        {
            json.WriteString("arm", row.Name);
            json.WriteBoolean("baseline", row.Baseline);
            json.WriteNumber("steps", row.Steps);
            json.WriteNumber("runs", row.Planned);
            json.WriteStartObject("metrics");
            foreach (var (metric, summary) in row.Values.Where(value => value.Value.Count > 0))
            {
                json.WriteStartObject(metric);
                json.WriteNumber("mean", summary.Mean);
                if (summary.Deviation is { } deviation)
                    json.WriteNumber("sd", deviation);
                else
                    json.WriteNull("sd");
                json.WriteNumber("n", summary.Count);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
        json.Objects("runs", results.Record.Runs, run =>
        {
            json.WriteString("id", run.Id);
            json.WriteString("arm", run.Arm);
            json.WriteNumber("seed", run.Seed);
            json.WriteString("status", run.Status);
        });
    }
}
