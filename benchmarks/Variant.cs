using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Benchmarks;

/// <summary>A way to train. The step-cost benchmark compares variants.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Title">In the table.</param>
/// <param name="Derivative">Of MFD; null: plain flow matching.</param>
/// <param name="EqualFraction">Of the samples with r = t.</param>
internal sealed record Variant(string Name, string Title, DerivativeOptions? Derivative, double EqualFraction)
{
    public static readonly Variant Plain = new("plain", "flow matching", null, 0);

    /// <summary>MFD with each estimator, at a share of samples with r &lt; t.</summary>
    public static Variant[] AtShare(double share) =>
    [
        new("central", "MFD, central difference", new CentralDifferenceOptions(), 1 - share),
        new("jvp", "MFD, forward mode", new JvpOptions(), 1 - share),
        new("doubleBackward", "MFD, double backward", new JvpDoubleBackwardOptions(), 1 - share),
        new("released", "MFD, the released code's one batch of three",
            new CentralDifferenceOptions(SharedDropout: false, ClampEnds: false, Batching: "concatenated"), 1 - share),
    ];
}
