using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Output;

/// <summary>One run with its stages and what they measured, for programs.</summary>
public static class RunDetailJson
{
    public static string Write(RunDetail detail) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("run", detail.Run.Id);
        json.WriteString("experiment", detail.Run.Experiment);
        json.WriteString("arm", detail.Run.Arm);
        json.WriteNumber("seed", detail.Run.Seed);
        json.WriteString("status", detail.Run.Status);
        json.Objects("stages", detail.Stages, item =>
        {
            var (role, stage) = item;
            json.WriteString("role", role);
            json.WriteString("label", stage.Label);
            json.WriteString("key", stage.Key);
            json.WriteString("status", stage.Status);
            json.WriteString("reason", stage.Reason);
            json.WriteNumber("attempts", stage.Attempts.Count);
            json.WriteNumber("wallSeconds", stage.Attempts.Sum(attempt => attempt.WallSeconds));
            json.WriteNumber("peakBytes", stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty().Max());
            json.WriteNumber("cpuSeconds", stage.Attempts.Sum(attempt => attempt.CpuSeconds));
            json.WriteNumber("deviceSeconds", stage.Attempts.Sum(attempt => attempt.DeviceSeconds));
            json.Number("flops", stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin!.Flops);
            json.Objects("provenance", stage.Attempts, attempt => OriginJson.Write(json, attempt));
            json.Objects("measurements", stage.Measurements, measurement => Measured(json, measurement));
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static void Measured(System.Text.Json.Utf8JsonWriter json, Measurement measurement)
    {
        json.WriteString("metric", measurement.Key);
        json.Number("value", measurement.Value);
        json.Number("low", measurement.Low);
        json.Number("high", measurement.High);
        json.WriteNumber("samples", measurement.Samples);
        json.WriteNumber("guidance", measurement.Guidance);
        json.WriteString("labels", measurement.Labels);
        json.WriteString("extractor", measurement.Extractor);
        json.WriteString("preprocessing", measurement.Preprocessing);
        json.WriteString("reference", measurement.Reference);
        json.WriteString("device", measurement.Device);
        json.WriteString("noise", measurement.Noise);
        json.WriteString("setting", measurement.Setting);
    }
}
