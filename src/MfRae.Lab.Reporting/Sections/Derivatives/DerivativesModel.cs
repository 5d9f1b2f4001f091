using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Derivatives;

/// <summary>Errors of estimates of du/dt over their step, beside what they should be.</summary>
/// <param name="Agreement">In a sentence, how far measured and predicted are apart.</param>
internal sealed record DerivativesModel(
    string Agreement,
    Html Legend,
    IReadOnlyList<Html> Charts,
    IReadOnlyList<Html> Columns,
    IReadOnlyList<DerivativesRow> Steps,
    IReadOnlyList<DerivativesRow> Arms,
    Html CurvesSql,
    Html ArmsSql);

internal sealed record DerivativesRow(Html Name, IReadOnlyList<Html> Cells);
