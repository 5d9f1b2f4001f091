using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Which metrics are computed, and why others are not.</summary>
/// <param name="Chosen">With a description of what there is of choice in each.</param>
internal sealed record MetricPlan(
    IReadOnlyList<(string Name, MetricOptions Options, string Definition)> Chosen, IReadOnlyList<SkippedMetric> Skipped)
{
    /// <param name="wanted">Names; empty: all that can be computed.</param>
    /// <exception cref="RequestException">One that was asked for by name cannot be computed.</exception>
    public static MetricPlan Of(IReadOnlyList<string> wanted, MetricInputs inputs)
    {
        var chosen = new List<(string, MetricOptions, string)>();
        var skipped = new List<SkippedMetric>();
        foreach (var metric in KnownMetric.All.Where(metric => wanted.Count == 0 || wanted.Contains(metric.Name)))
        {
            if (metric.Lacks(inputs) is { } reason)
                skipped.Add(new(metric.Name, reason));
            else
                chosen.Add((metric.Name, metric.Options(inputs), metric.Definition(inputs)));
        }

        if (wanted.Count > 0 && skipped.Count > 0)
            throw new RequestException(string.Join("; ", skipped.Select(metric => $"{metric.Metric} cannot be computed: {metric.Reason}")));
        return new(chosen, skipped);
    }
}
