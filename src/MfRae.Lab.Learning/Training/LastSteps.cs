using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// Loss and gradient norm of each of the last steps, so that a divergence leaves a curve and the step at which it happened. They stay on
/// their device until they are read: a step does not wait for the device.
/// </summary>
/// <param name="capacity">How many steps are kept.</param>
public sealed class LastSteps(int capacity, Device device) : IDisposable
{
    private readonly Tensor _values = zeros([2, capacity], float64, device).DetachFromDisposeScope();
    private long _kept;

    /// <param name="step">Counted from 1. Steps follow one another.</param>
    /// <param name="loss">A scalar.</param>
    /// <param name="norm">A scalar.</param>
    public void Add(long step, Tensor loss, Tensor norm)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var column = _values.select(1, Slot(step));
        column[0].copy_(loss.detach());
        column[1].copy_(norm.detach());
        _kept = Math.Min(_kept + 1, capacity);
    }

    /// <summary>The steps that are kept, oldest first; null where a value is not finite.</summary>
    /// <param name="last">The last step that was added.</param>
    public IReadOnlyList<(long Step, double? Loss, double? Norm)> Read(long last)
    {
        using var scope = NewDisposeScope();
        var values = Save(last).cpu().data<double>().ToArray();
        double? Finite(long at) => double.IsFinite(values[at]) ? values[at] : null;
        return [.. Enumerable.Range(0, (int)_kept).Select(at => (last - _kept + 1 + at, Finite(at), Finite(_kept + at)))];
    }

    /// <summary>float64 [2, kept] for a checkpoint, oldest first.</summary>
    /// <param name="last">The last step that was added.</param>
    public Tensor Save(long last)
    {
        long[] places = [.. Enumerable.Range(0, (int)_kept).Select(at => Slot(last - _kept + 1 + at))];
        using var slots = tensor(places, dtype: int64, device: _values.device);
        return _values.index_select(1, slots);
    }

    /// <summary>Goes on from what <see cref="Save"/> gave; of more steps than the capacity it keeps the last.</summary>
    public void Restore(Tensor saved, long last)
    {
        using var scope = NewDisposeScope();
        _kept = Math.Min(saved.shape[1], capacity);
        for (var back = 0; back < _kept; back++)
            _values.select(1, Slot(last - back)).copy_(saved.select(1, saved.shape[1] - 1 - back));
    }

    public void Dispose() => _values.Dispose();

    private long Slot(long step) => (step - 1) % capacity;
}
