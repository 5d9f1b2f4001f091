using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>What a drawn image costs, in 10⁹ multiply-adds: the network's evaluations and the decoder.</summary>
internal sealed record ImageCosts(double Generator, double Decoder)
{
    public double Total => Generator + Decoder;

    public string Text => $"{Number(Total)} GFLOPs an image";

    /// <summary>`0.0236 + 0.0113`.</summary>
    public string Parts => $"{Number(Generator)} + {Number(Decoder)}";

    public static string Number(double? gflops) => Numbers.Significant(gflops, 3);

    /// <summary>Of an arm's runs at a number of network evaluations; null where none was measured.</summary>
    public static ImageCosts? Of(ReportData data, ArmView arm, int steps)
    {
        var known = arm.Runs.Select(run => Of(data.Stage(run, "sampling"), steps)).OfType<ImageCosts>().ToArray();
        return known.Length == 0 ? null : new(known.Average(cost => cost.Generator), known.Average(cost => cost.Decoder));
    }

    public static ImageCosts? Of(StageRecord? sampling, int steps) =>
        Value(sampling, MetricNames.GeneratorGflops, steps) is { } generator
            && Value(sampling, MetricNames.DecoderGflops, steps) is { } decoder
            ? new(generator, decoder)
            : null;

    private static double? Value(StageRecord? sampling, string metric, int steps) =>
        sampling?.Measurements.LastOrDefault(one => one.Metric == metric && one.Steps == steps)?.Value is { } value && double.IsFinite(value)
            ? value
            : null;
}
