namespace MfRae.Lab.Reporting.Charts;

/// <summary>One measured value.</summary>
/// <param name="Tip">What hovering shows.</param>
internal sealed record Dot(double Value, string Tip);
