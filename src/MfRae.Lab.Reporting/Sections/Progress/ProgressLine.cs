namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>A cost that grows evenly with the steps.</summary>
/// <param name="Start">What was spent before the first.</param>
internal sealed record ProgressLine(double Start, double Step)
{
    public double At(double step) => Start + step * Step;
}
