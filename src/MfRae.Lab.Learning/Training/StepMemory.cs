using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>How a training step exchanges time for memory.</summary>
/// <param name="Samples">The most samples that are evaluated at once; null: the whole batch.</param>
/// <param name="Recompute">Whether activations are computed again in the backward pass.</param>
public sealed record StepMemory(long? Samples, bool Recompute)
{
    /// <summary>The share of the free memory that a step may use: its needs are estimates, and allocators lose some memory between blocks.</summary>
    public const double UsableShare = 0.8;

    /// <summary>
    /// The fewest samples at once without recomputation. Fewer make the products of a GPU small, and recomputation costs a third of a step.
    /// </summary>
    public const int FewestWithoutRecomputation = 4;

    /// <summary>The whole batch at once, with all activations.</summary>
    public static readonly StepMemory Whole = new(null, false);

    /// <summary>The choice that the settings make for a training on a device, on which all weights already are.</summary>
    public static StepMemory Of(StageSpec spec, Device device)
    {
        var settings = spec.Settings;
        if (settings.MicroBatch != RunSettings.AutoMicroBatch)
            return new(settings.MicroBatch > 0 ? settings.MicroBatch : null, settings.Recompute);
        // Stages and ranks on one CPU share its memory; each GPU has one of them.
        var jobs = device.type == TorchSharp.DeviceType.CPU ? Math.Max(1, settings.Jobs) * Math.Max(1, settings.Ranks) : 1;
        return spec.Memory is { } needs && DeviceMemory.Free(device) is { } free
            ? Fit(UsableShare * free / jobs, needs, settings.Recompute)
            : new(null, settings.Recompute);
    }

    /// <summary>The largest parts of a batch that fit, and recomputation where parts would be too small without it.</summary>
    /// <param name="bytes">The memory for activations.</param>
    /// <param name="recompute">Whether activations are computed again in any case.</param>
    public static StepMemory Fit(double bytes, TrainingMemory needs, bool recompute)
    {
        long Fits(double sampleBytes) => (long)Math.Min(needs.Batch, bytes / sampleBytes);
        var samples = Fits(needs.SampleBytes);
        if (recompute || samples < Math.Min(needs.Batch, FewestWithoutRecomputation))
            (recompute, samples) = (true, Fits(needs.RecomputedSampleBytes));
        return new(samples >= needs.Batch ? null : Math.Max(1, samples), recompute);
    }
}
