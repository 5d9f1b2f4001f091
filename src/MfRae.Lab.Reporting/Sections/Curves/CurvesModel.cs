using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Curves;

/// <summary>Quality by arm, and how training went.</summary>
internal sealed record CurvesModel(
    Html Legend, IReadOnlyList<Html> Quality, IReadOnlyList<Html> OtherMetrics, IReadOnlyList<CurvesStage> Stages);

/// <summary>The series of one kind of stage.</summary>
/// <param name="Folded">Whether it is shown only on demand.</param>
internal sealed record CurvesStage(string Title, string Note, bool Folded, Html Legend, IReadOnlyList<Html> Charts, Html Sql);
