using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Data;

/// <summary>Display names of metrics.</summary>
internal static class MetricName
{
    /// <inheritdoc cref="MetricCatalogue.Label"/>
    public static string Label(string metric) => MetricCatalogue.Label(metric);

    /// <summary>`FID, 1 step`.</summary>
    public static string Label(Measurement measurement) => measurement.Steps > 0
        ? $"{Label(measurement.Metric)}, {Markup.Numbers.Plural(measurement.Steps, "step")}"
        : Label(measurement.Metric);

    /// <summary>The display name for a key such as `fid@1`.</summary>
    public static string OfKey(string key)
    {
        var at = key.LastIndexOf('@');
        return at > 0 && int.TryParse(key.AsSpan(at + 1), out var steps)
            ? $"{Label(key[..at])}, {Markup.Numbers.Plural(steps, "step")}"
            : Label(key);
    }

    /// <summary>What a table multiplies the values of a metric by: bytes are shown in millions.</summary>
    public static double Scale(string metric) => MetricCatalogue.Unit(metric) == "bytes" ? 1e-6 : 1;

    /// <summary>The display name with the unit of the numbers in a table, if it is not that of the values.</summary>
    public static string Column(string metric) => Scale(metric) == 1 ? Label(metric) : $"{Label(metric)} in MB";

    /// <summary>An arrow in the direction of better values.</summary>
    public static string Arrow(bool? higherIsBetter) => higherIsBetter switch
    {
        true => "↑",
        false => "↓",
        null => "",
    };
}

/// <summary>Display names of training curves.</summary>
internal static class SeriesName
{
    /// <summary>`Gradient norm` for gradientNorm; unknown names stay as they are.</summary>
    public static string Label(string series) => series switch
    {
        "loss" => "Loss",
        "loss.interval" => "Loss where r < t",
        "loss.equal" => "Loss where r = t",
        "loss.largest" => "Largest loss of a sample",
        "loss.pixels" => "Loss of pixels",
        "loss.tokens" => "Loss of tokens",
        "loss.contrastive" => "Contrastive loss",
        "gradientNorm" => "Gradient norm",
        "gradientNorm.unweighted" => "Gradient norm without loss weight",
        "learningRate" => "Learning rate",
        _ => series,
    };
}
