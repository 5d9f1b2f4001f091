namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// What one pass over all pairs of samples and reference features gives (docs/method.md §9). Arrays have one number for each
/// sample; the mean of an influence over resampled rows says how far its value moves.
/// </summary>
/// <param name="Precision">1 inside any ball about a reference feature, else 0.</param>
/// <param name="Density">In how many such balls, divided by k.</param>
/// <param name="Recall">Share of reference features inside any ball about a sample.</param>
/// <param name="RecallInfluences">N/M times the number of reference features that only this sample's ball holds.</param>
/// <param name="Coverage">Share of reference features whose ball holds any sample.</param>
/// <param name="CoverageInfluences">N/M times the number of balls that hold only this sample.</param>
/// <param name="KernelInfluences">On the unbiased kernel distance of all rows, of mean zero.</param>
public sealed record NeighbourScores(
    double[] Precision,
    double[] Density,
    double Recall,
    double[] RecallInfluences,
    double Coverage,
    double[] CoverageInfluences,
    double[] KernelInfluences);
