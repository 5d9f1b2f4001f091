using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// Evaluates the averaged weights at intervals of steps, and decides whether the training stops. The values are kept in a file of the stage, so a
/// resumed training decides as an uninterrupted one.
/// </summary>
/// <param name="measure">The FID of the averaged weights; not finite for samples that are not.</param>
public sealed class Watch(WatchOptions options, StageContext context, Func<Weights, double> measure)
{
    // Removed with the checkpoints when the stage completes.
    private const string FileName = "checkpoint.watch.txt";

    private readonly List<(long Step, double Value)> _values = [];

    /// <summary>Reads the values up to the step that a training resumes from.</summary>
    public void Restore(long step)
    {
        if (step == 0 || !File.Exists(context.File(FileName)))
            return;
        _values.AddRange(File.ReadAllLines(context.File(FileName)).Select(line => line.Split(' '))
            .Select(words => (long.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture)))
            .Where(value => value.Item1 <= step));
    }

    /// <summary>Evaluates the average, with the constants of <paramref name="weights"/>, if the step is one of an evaluation.</summary>
    /// <returns>The end of the training by the rule; null if it continues.</returns>
    public StoppedException? Take(long step, Weights average, Weights weights)
    {
        if (step % options.Every != 0)
            return null;
        using (NewDisposeScope())
        using (no_grad())
        {
            average.CopyConstants(weights);
            _values.Add((step, measure(average)));
        }

        var value = _values[^1].Value;
        context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { [MetricNames.WatchFid] = double.IsFinite(value) ? value : null }));
        File.WriteAllLines(
            context.File(FileName), _values.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Step} {one.Value:R}")));
        return Decide();
    }

    private StoppedException? Decide()
    {
        var (best, at) = (double.PositiveInfinity, 0);
        foreach (var (index, (_, value)) in _values.Index())
        {
            if (value < best - options.MinDelta)
                (best, at) = (value, index);
        }

        var without = _values.Count - 1 - at;
        return options.Patience is { } patience && without >= patience
            ? new(_values[^1].Step, string.Create(
                CultureInfo.InvariantCulture,
                $"stopped at step {_values[^1].Step}: {without} evaluations without an FID below {best:0.####}, the value at step {_values[at].Step}"))
            : null;
    }
}
