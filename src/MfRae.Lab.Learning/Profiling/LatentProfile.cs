using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>Size of the latents that generators are trained on.</summary>
/// <param name="Cache">memory or none.</param>
/// <param name="TrainingImages">Null where the dataset is not there to be counted.</param>
public sealed record LatentProfile(LatentShape Shape, string Cache, long? TrainingImages)
{
    private const int BytesPerValue = 4;

    /// <summary>s of docs/method.md §1.</summary>
    public double TimeShift => Paths.TimeShift.For(Shape).Scale;

    public long BytesEach => Shape.Dimension * BytesPerValue;

    /// <summary>What the latents of the whole training set take, whether they are kept or not.</summary>
    public long? BytesOfAll => TrainingImages * BytesEach;
}
