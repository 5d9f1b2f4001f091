namespace MfRae.Lab.Reporting.Data;

/// <summary>What readers call a curve of training.</summary>
internal static class SeriesName
{
    /// <summary>`Gradient norm` for gradientNorm; a name this library does not know stays as it is.</summary>
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
        "clippedFraction" => "Fraction of steps clipped",
        "learningRate" => "Learning rate",
        _ => series,
    };
}
