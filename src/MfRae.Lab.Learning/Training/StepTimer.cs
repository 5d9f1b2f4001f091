using MathNet.Numerics.Statistics;
using MfRae.Lab.Core.Records;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>Measures the seconds of single training steps. No result of the training depends on them.</summary>
/// <param name="device">The device of the weights. A step on a GPU ends when the GPU has finished it.</param>
public sealed class StepTimer(TimeProvider time, Device device)
{
    // The first steps allocate memory and load kernels.
    private const int MostWarmUpSteps = 20;
    private const int StepsPerWarmUpStep = 10;

    private readonly List<double> _seconds = [];
    private long _start;

    /// <summary>Starts a step.</summary>
    public void Start() => _start = time.GetTimestamp();

    /// <summary>Ends the step.</summary>
    public void Stop()
    {
        if (device.type == DeviceType.CUDA)
            cuda.synchronize();
        _seconds.Add(time.GetElapsedTime(_start).TotalSeconds);
    }

    /// <summary>
    /// The median over all steps but the first 20, or the first tenth if there are fewer than 200 steps; null without a step.
    /// </summary>
    /// <param name="peakBytes">Peak memory of the process.</param>
    public CostEvent? Cost(long peakBytes)
    {
        var warmUp = Math.Min(MostWarmUpSteps, _seconds.Count / StepsPerWarmUpStep);
        return _seconds.Count == 0 ? null : new(_seconds.Skip(warmUp).Median(), _seconds.Count - warmUp, peakBytes);
    }
}
