using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>How du/dt along (w, 0, 1) is estimated (docs/method.md §3).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(JvpOptions), "jvp")]
[JsonDerivedType(typeof(JvpDoubleBackwardOptions), "jvpDoubleBackward")]
[JsonDerivedType(typeof(CentralDifferenceOptions), "centralDifference")]
[JsonDerivedType(typeof(ForwardDifferenceOptions), "forwardDifference")]
public abstract record DerivativeOptions
{
    /// <summary>
    /// Whether every probe sees the label dropout of the main evaluation; the released code draws it anew for each, so that probes can
    /// see different labels (docs/method.md §4, B).
    /// </summary>
    public bool SharesDropout() =>
        this is not (CentralDifferenceOptions { SharedDropout: false } or ForwardDifferenceOptions { SharedDropout: false });
}

/// <summary>Exact, by forward mode: the tangent travels through the network with its input.</summary>
public sealed record JvpOptions : DerivativeOptions;

/// <summary>Exact, by two reverse passes.</summary>
public sealed record JvpDoubleBackwardOptions : DerivativeOptions;

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided where a probe would leave [r, 1].</summary>
/// <param name="SharedDropout">Both probes see the main evaluation's label dropout; false draws it anew for each probe, as
/// the released code does.</param>
/// <param name="ClampEnds">Probes stay inside [r, 1]; false lets them leave it, as the released code does.</param>
/// <param name="Batching">Probes apart, without gradient and for r &lt; t only, or main evaluation and probes in one batch with
/// gradients, as the released code does.</param>
public sealed record CentralDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3,
    bool SharedDropout = true,
    bool ClampEnds = true,
    [property: OptionChoice("separate", "concatenated")] string Batching = "separate") : DerivativeOptions;

/// <summary>(u(z + δw, r, t + δ) - u(z, r, t)) / δ, backward where t + δ > 1.</summary>
/// <param name="SharedDropout">As of the central difference.</param>
/// <param name="ClampEnds">As of the central difference; false always goes forward.</param>
/// <param name="Batching">As of the central difference.</param>
public sealed record ForwardDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3,
    bool SharedDropout = true,
    bool ClampEnds = true,
    [property: OptionChoice("separate", "concatenated")] string Batching = "separate") : DerivativeOptions;
