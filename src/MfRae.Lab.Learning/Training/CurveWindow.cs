using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// The means of scalars between two reports, and the last values of numbers. Tensors are added up on their device, in float64, and read
/// together for a report: a step never waits for the device.
/// </summary>
public sealed class CurveWindow : IDisposable
{
    private const string TensorEntry = "curve.";
    private const string NumberEntry = "number.";
    private readonly SortedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _counts = [];

    /// <summary>Adds a value to the mean of a series.</summary>
    /// <param name="value">A scalar.</param>
    public void Add(string name, Tensor value)
    {
        if (!_tensors.TryGetValue(name, out var sum))
            _tensors[name] = sum = Zero(value.device);
        sum.add_(value.detach());
        Count(name);
    }

    /// <summary>Sets a number that is reported with its last value, not with a mean, such as the learning rate.</summary>
    public void Set(string name, double value)
    {
        _numbers[name] = value;
        _counts[name] = 1;
    }

    /// <summary>The means since the last call and the last numbers by name; null for values that are not finite.</summary>
    public IReadOnlyDictionary<string, double?> Take()
    {
        using var scope = NewDisposeScope();
        var means = new Dictionary<string, double?>();
        foreach (var (name, sum) in Sums())
            means[name] = double.IsFinite(sum) ? sum / _counts[name] : null;
        _counts.Clear();
        _numbers.Clear();
        foreach (var sum in _tensors.Values)
            sum.zero_();
        return means;
    }

    /// <summary>The sums since the last report, as strings that preserve every bit.</summary>
    public IEnumerable<KeyValuePair<string, string>> Save() => Sums().Select(sum => new KeyValuePair<string, string>(
        (_numbers.ContainsKey(sum.Name) ? NumberEntry : TensorEntry) + sum.Name,
        string.Create(CultureInfo.InvariantCulture, $"{sum.Value:R} {_counts[sum.Name]}")));

    /// <summary>Continues with the sums that <see cref="Save"/> returned.</summary>
    /// <param name="device">The device of the scalars.</param>
    public void Restore(IEnumerable<KeyValuePair<string, string>> saved, Device device)
    {
        foreach (var (key, text) in saved)
        {
            if (Name(key, TensorEntry) is { } series)
                _tensors[series] = tensor(Sum(series, text), float64, device).DetachFromDisposeScope();
            else if (Name(key, NumberEntry) is { } number)
                Set(number, Sum(number, text) / _counts[number]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sum in _tensors.Values)
            sum.Dispose();
    }

    private static string? Name(string key, string entry) =>
        key.StartsWith(entry, StringComparison.Ordinal) ? key[entry.Length..] : null;

    private double Sum(string name, string text)
    {
        var parts = text.Split(' ');
        _counts[name] = long.Parse(parts[1], CultureInfo.InvariantCulture);
        return double.Parse(parts[0], CultureInfo.InvariantCulture);
    }

    private static Tensor Zero(Device device) => zeros([], float64, device).DetachFromDisposeScope();

    private void Count(string name) => _counts[name] = _counts.GetValueOrDefault(name) + 1;

    private List<(string Name, double Value)> Sums()
    {
        using var scope = NewDisposeScope();
        var tensors = _tensors.Where(pair => _counts.ContainsKey(pair.Key)).ToList();
        double[] values = tensors.Count == 0 ? [] : stack(tensors.Select(pair => pair.Value)).cpu().data<double>().ToArray();
        return
        [
            .. _numbers.Select(pair => (pair.Key, pair.Value)).Concat(tensors.Select((pair, place) => (pair.Key, values[place])))
                .OrderBy(sum => sum.Key, StringComparer.Ordinal),
        ];
    }
}

/// <summary>
/// Loss and gradient norms of the last steps, for the curve and the step of a divergence. They stay on their device until they are read: a
/// step does not wait for the device.
/// </summary>
/// <param name="capacity">The number of steps that are kept.</param>
public sealed class LastSteps(int capacity, Device device) : IDisposable
{
    private readonly Tensor _values = zeros([3, capacity], float64, device).DetachFromDisposeScope();
    private long _kept;

    /// <summary>Adds the values of the next step.</summary>
    /// <param name="step">Counted from 1, consecutive.</param>
    /// <param name="loss">A scalar.</param>
    /// <param name="norm">A scalar.</param>
    /// <param name="unweighted">A scalar: the norm without loss weight, or <paramref name="norm"/> where it was not computed.</param>
    public void Add(long step, Tensor loss, Tensor norm, Tensor unweighted)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var column = _values.select(1, Slot(step));
        column[0].copy_(loss.detach());
        column[1].copy_(norm.detach());
        column[2].copy_(unweighted.detach());
        _kept = Math.Min(_kept + 1, capacity);
    }

    /// <summary>The kept steps, oldest first; null for values that are not finite.</summary>
    /// <param name="last">The last step that was added.</param>
    public IReadOnlyList<(long Step, double? Loss, double? Norm, double? Unweighted)> Read(long last)
    {
        using var scope = NewDisposeScope();
        var values = Save(last).cpu().data<double>().ToArray();
        double? Finite(long at) => double.IsFinite(values[at]) ? values[at] : null;
        return [.. Enumerable.Range(0, (int)_kept).Select(at => (last - _kept + 1 + at, Finite(at), Finite(_kept + at), Finite((2 * _kept) + at)))];
    }

    /// <summary>The kept values for a checkpoint, float64 [3, kept], oldest first.</summary>
    /// <param name="last">The last step that was added.</param>
    public Tensor Save(long last)
    {
        long[] places = [.. Enumerable.Range(0, (int)_kept).Select(at => Slot(last - _kept + 1 + at))];
        using var slots = tensor(places, dtype: int64, device: _values.device);
        return _values.index_select(1, slots);
    }

    /// <summary>
    /// Continues with the values that <see cref="Save"/> returned; keeps the last ones if there are more than the capacity.
    /// </summary>
    public void Restore(Tensor saved, long last)
    {
        using var scope = NewDisposeScope();
        _kept = Math.Min(saved.shape[1], capacity);
        for (var back = 0; back < _kept; back++)
            _values.select(1, Slot(last - back)).copy_(saved.select(1, saved.shape[1] - 1 - back));
    }

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();

    private long Slot(long step) => (step - 1) % capacity;
}

/// <summary>
/// Detects an exploding gradient: an unweighted norm above the limit of the options for their number of steps in a row. It counts on the device, and
/// is read for a report.
/// </summary>
public sealed class GradientWatch(TrainingOptions options, Device device) : IDisposable
{
    private readonly Tensor _streak = zeros([], float64, device).DetachFromDisposeScope();
    private readonly Tensor _longest = zeros([], float64, device).DetachFromDisposeScope();

    /// <summary>Whether the options have a limit.</summary>
    public bool IsActive => options.GradientNormLimit > 0;

    /// <summary>The values for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Value)> State =>
        IsActive ? [("gradient.streak", _streak), ("gradient.longest", _longest)] : [];

    /// <summary>Adds a step.</summary>
    /// <param name="norm">The norm of the gradient of the unweighted loss before clipping, a scalar.</param>
    public void Add(Tensor norm)
    {
        if (!IsActive)
            return;
        _streak.add_(1).mul_(norm.detach() > options.GradientNormLimit);
        _longest.copy_(maximum(_longest, _streak));
    }

    /// <summary>The divergence, if the norm was above the limit for too long since the last call; otherwise null.</summary>
    public DivergedException? Check(long step)
    {
        if (!IsActive)
            return null;
        using var scope = NewDisposeScope();
        var longest = (long)_longest.item<double>();
        if (longest >= options.GradientNormSteps)
            return DivergedException.Exploded(step, options.GradientNormLimit, longest);
        _longest.zero_();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _streak.Dispose();
        _longest.Dispose();
    }
}
