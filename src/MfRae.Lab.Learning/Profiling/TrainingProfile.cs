using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>What a step of one trained stage costs, in multiply-adds and in memory.</summary>
/// <param name="Batch">Samples of a step.</param>
/// <param name="Frozen">Values of the networks that are evaluated only.</param>
/// <param name="Kept">Values that the step keeps for its backward pass: an estimate.</param>
public sealed record TrainingProfile(
    string Stage, int Steps, int Batch, IReadOnlyList<WorkProfile> Work, long Parameters, long Frozen, double Kept)
{
    private const double BytesPerValue = 4;

    public Products Step => Work.Aggregate(default(Products), (sum, work) => sum + work.Step);

    public double WeightBytes => BytesPerValue * Parameters;

    public double GradientBytes => BytesPerValue * Parameters;

    /// <summary>AdamW: two moments, and the denominator while a step is taken.</summary>
    public double OptimizerBytes => 3 * BytesPerValue * Parameters;

    /// <summary>The average that is used downstream.</summary>
    public double AverageBytes => BytesPerValue * Parameters;

    public double FrozenBytes => BytesPerValue * Frozen;

    public double ActivationBytes => BytesPerValue * Kept;

    public double TotalBytes => WeightBytes + GradientBytes + OptimizerBytes + AverageBytes + FrozenBytes + ActivationBytes;
}
