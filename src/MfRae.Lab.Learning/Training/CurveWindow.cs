using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>Means of scalars between two reports. Numbers are read off as they come, so no tensor leaves the step's scope.</summary>
public sealed class CurveWindow
{
    private readonly Dictionary<string, (double Sum, long Count)> _sums = [];

    public void Add(string name, Tensor value) => Add(name, value.detach().to(float64).item<double>());

    public void Add(string name, double value)
    {
        var (sum, count) = _sums.GetValueOrDefault(name);
        _sums[name] = (sum + value, count + 1);
    }

    /// <summary>The means since the last call, null where one is not finite.</summary>
    public IReadOnlyDictionary<string, double?> Take()
    {
        var means = _sums.ToDictionary(
            pair => pair.Key,
            pair => double.IsFinite(pair.Value.Sum) ? pair.Value.Sum / pair.Value.Count : (double?)null);
        _sums.Clear();
        return means;
    }
}
