namespace MfRae.Lab.Learning.Oracle;

/// <param name="Name">One of <see cref="Core.Tracking.OracleMetric"/>.</param>
/// <param name="Samples">Points it was computed from.</param>
/// <param name="Steps">Network evaluations of an end point; 0 where nothing was sampled.</param>
/// <param name="Low">Lower end of a 95 % interval, or null.</param>
/// <param name="High">Upper end.</param>
public sealed record OracleValue(string Name, double Value, long Samples, int Steps = 0, double? Low = null, double? High = null);
