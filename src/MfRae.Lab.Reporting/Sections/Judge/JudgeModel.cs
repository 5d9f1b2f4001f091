using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Judge;

/// <summary>How far the numbers can be trusted: what chance alone gives, what a blind judge would miss, and what is merely copied.</summary>
/// <param name="Notes">Sentences, one for each question that was measured.</param>
/// <param name="Runs">How many runs have a value with an interval.</param>
internal sealed record JudgeModel(
    IReadOnlyList<Html> Notes,
    int Runs,
    Html Seeds,
    Html Legend,
    IReadOnlyList<Html> Ladders,
    IReadOnlyList<JudgeSheet> Sheets,
    Html Sql);

/// <summary>Samples of an arm, each beside the training images nearest to it.</summary>
internal sealed record JudgeSheet(string Css, Html Arm, Html Image, string Caption);
