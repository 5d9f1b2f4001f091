namespace MfRae.Lab.Reporting.Charts;

/// <summary>An option as an axis: its values from the bottom to the top.</summary>
internal sealed record ParallelAxis(string Name, IReadOnlyList<string> Values);
