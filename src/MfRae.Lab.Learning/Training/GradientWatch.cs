using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// Notices a gradient that explodes: a norm above the declared limit for the declared number of steps in a row. It counts on the device
/// and is asked when a report is due.
/// </summary>
public sealed class GradientWatch(TrainingOptions options, Device device) : IDisposable
{
    private readonly Tensor _streak = zeros([], float64, device).DetachFromDisposeScope();
    private readonly Tensor _longest = zeros([], float64, device).DetachFromDisposeScope();

    /// <summary>What a checkpoint keeps.</summary>
    public IEnumerable<(string Name, Tensor Value)> State =>
        options.GradientNormLimit > 0 ? [("gradient.streak", _streak), ("gradient.longest", _longest)] : [];

    /// <param name="norm">Of a step's gradient before clipping: a scalar.</param>
    public void Add(Tensor norm)
    {
        if (options.GradientNormLimit <= 0)
            return;
        _streak.add_(1).mul_(norm.detach() > options.GradientNormLimit);
        _longest.copy_(maximum(_longest, _streak));
    }

    /// <summary>The divergence, where the limit was passed for too long since the last call; else null.</summary>
    public DivergedException? Check(long step)
    {
        if (options.GradientNormLimit <= 0)
            return null;
        using var scope = NewDisposeScope();
        var longest = (long)_longest.item<double>();
        if (longest >= options.GradientNormSteps)
            return DivergedException.Exploded(step, options.GradientNormLimit, longest);
        _longest.zero_();
        return null;
    }

    public void Dispose()
    {
        _streak.Dispose();
        _longest.Dispose();
    }
}
