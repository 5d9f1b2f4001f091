using System.Globalization;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Sections.Derivatives;

/// <summary>The relative error of a difference at one step δ, measured and predicted; means over seeds.</summary>
/// <param name="Step">δ as the step of a series.</param>
internal sealed record DerivativePoint(
    long Step, double? Measured, double? Predicted, double? Rounding, double? Truncation, double? Early)
{
    public double Delta => DerivativeErrorNames.Delta(Step);

    /// <summary>`δ = 5e−3`, but for the letter.</summary>
    public string Text => Delta.ToString("0.#e-0", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>Measured over predicted.</summary>
    public double? Ratio => Measured / Predicted;
}
