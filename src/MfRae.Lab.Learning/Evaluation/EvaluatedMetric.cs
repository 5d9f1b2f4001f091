using MfRae.Lab.Core.Identity;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A number with its interval.</summary>
/// <param name="Name">Of the value, as `fid` or `precision`.</param>
/// <param name="Low">Lower end of the 95 % interval over samples, or null.</param>
/// <param name="High">Its upper end, or null.</param>
/// <param name="Samples">How many samples it is computed from.</param>
/// <param name="HigherIsBetter">Null where there is no better.</param>
/// <param name="Definition">What there is of choice in the metric, in words.</param>
/// <param name="Reference">Hash of what it compares with, or empty.</param>
/// <param name="Setting">What the options of the metric decide, as the setting of a measurement says it (<see cref="MeasurementSetting"/>).</param>
public sealed record EvaluatedMetric(
    string Name, double Value, double? Low, double? High, long Samples, bool? HigherIsBetter, string Definition, string Reference,
    string Setting);
