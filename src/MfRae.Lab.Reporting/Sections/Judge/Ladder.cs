using System.Globalization;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Sections.Judge;

/// <summary>FID of images that are spoilt more and more, in the order of the levels.</summary>
/// <param name="Corruption">noise or blur.</param>
internal sealed record Ladder(string Corruption, IReadOnlyList<(double Level, double? Value)> Rungs)
{
    private const string Prefix = MetricNames.Ladder + ".";

    /// <summary>Whether every level is worse than the one before.</summary>
    public bool IsMonotone => Rungs.Zip(Rungs.Skip(1)).All(pair => pair.First.Value < pair.Second.Value);

    /// <summary>The ladders among measurements `ladder.CORRUPTION.LEVEL`.</summary>
    public static IReadOnlyList<Ladder> All(IEnumerable<Measurement> measurements) =>
    [
        .. from measurement in measurements
           where measurement.Metric.StartsWith(Prefix, StringComparison.Ordinal)
           let parts = measurement.Metric[Prefix.Length..].Split('.', 2)
           where parts.Length == 2
           let level = double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : (double?)null
           where level is not null
           group (level.Value, measurement.Value) by parts[0] into rungs
           select new Ladder(rungs.Key, [.. rungs.OrderBy(rung => rung.Item1)]),
    ];
}
