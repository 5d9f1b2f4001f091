namespace MfRae.Lab.Reporting.Charts;

/// <summary>An arm as a line through its values.</summary>
/// <param name="Places">For each axis which of its values.</param>
/// <param name="Value">What it measured; null: the line ends before.</param>
internal sealed record ParallelLine(string Css, IReadOnlyList<int> Places, double? Value, string Tip);
