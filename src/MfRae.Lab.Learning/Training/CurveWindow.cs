using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// Means of scalars between two reports, and numbers as they are at the report. Tensors are added up on their device, in float64, and
/// read off together when a report is due: a step never waits for the device.
/// </summary>
public sealed class CurveWindow : IDisposable
{
    private const string TensorEntry = "curve.";
    private const string NumberEntry = "number.";
    private readonly SortedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _counts = [];

    /// <param name="value">A scalar.</param>
    public void Add(string name, Tensor value)
    {
        if (!_tensors.TryGetValue(name, out var sum))
            _tensors[name] = sum = Zero(value.device);
        sum.add_(value.detach());
        Count(name);
    }

    /// <summary>A number of which the report tells the last value, not a mean: a setting in force at a step.</summary>
    public void Set(string name, double value)
    {
        _numbers[name] = value;
        _counts[name] = 1;
    }

    /// <summary>The means since the last call and the last numbers by name, null where one is not finite.</summary>
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

    /// <summary>What has been added since the last report, as texts that give back every bit.</summary>
    public IEnumerable<KeyValuePair<string, string>> Save() => Sums().Select(sum => new KeyValuePair<string, string>(
        (_numbers.ContainsKey(sum.Name) ? NumberEntry : TensorEntry) + sum.Name,
        string.Create(CultureInfo.InvariantCulture, $"{sum.Value:R} {_counts[sum.Name]}")));

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    /// <param name="device">Where the scalars will be.</param>
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
