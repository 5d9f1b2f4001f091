using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>How du/dt along (w, 0, 1) is estimated (docs/method.md §3).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CentralDifferenceOptions), "centralDifference")]
[JsonDerivedType(typeof(ForwardDifferenceOptions), "forwardDifference")]
public abstract record DerivativeOptions;

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided where a probe would leave [r, 1].</summary>
/// <param name="SharedDropout">Both probes see the main evaluation's label dropout; false draws it anew for each probe, as
/// the released code does.</param>
/// <param name="ClampEnds">Probes stay inside [r, 1]; false lets them leave it, as the released code does.</param>
public sealed record CentralDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3,
    bool SharedDropout = true,
    bool ClampEnds = true) : DerivativeOptions;

/// <summary>(u(z + δw, r, t + δ) - u(z, r, t)) / δ, backward where t + δ > 1.</summary>
public sealed record ForwardDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3) : DerivativeOptions;
