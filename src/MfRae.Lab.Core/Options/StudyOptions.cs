using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>A question about the few-step generator that is answered by looking at the network itself. Nothing is sampled.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DerivativeErrorOptions), "derivativeError")]
public abstract record StudyOptions;

/// <summary>
/// How far an estimate of du/dt is from the exact derivative in float64, measured and predicted (docs/method.md §3).
/// </summary>
/// <param name="Derivative">The estimator.</param>
/// <param name="Time">Where (r, t) are drawn.</param>
/// <param name="Deltas">Steps δ at which a difference is measured, beside that of <paramref name="Derivative"/>. Exact estimators
/// have no step, and are measured once.</param>
/// <param name="Precision">Of the estimate. tf32 and bfloat16 round the operands of matrix products and sum in float32, on
/// every device alike.</param>
/// <param name="Lambda">λ of the direction w: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="LabelDropout">Share of the samples that are seen without their label.</param>
/// <param name="Samples">Number of samples with r &lt; t, drawn as for training.</param>
/// <param name="EarlySamples">Number of further samples with t &lt; 0.1, which training draws rarely.</param>
public sealed record DerivativeErrorOptions(
    DerivativeOptions Derivative,
    TimeSamplerOptions Time,
    [property: OptionRange(1e-7, 0.5)] IReadOnlyList<double> Deltas,
    [property: OptionChoice("float32", "tf32", "bfloat16", "float64")] string Precision = "float32",
    [property: OptionRange(0, 1)] double Lambda = 1,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    [property: OptionRange(1, 100_000)] int Samples = 256,
    [property: OptionRange(1, 100_000)] int EarlySamples = 64) : StudyOptions;
