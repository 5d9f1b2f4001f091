using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

/// <summary>What the arms say, and whether they could say anything.</summary>
internal sealed record VerdictModel(
    string Conflict,
    IReadOnlyList<VerdictTile> Tiles,
    IReadOnlyList<VerdictRow> Arms,
    string Power,
    Html Chart,
    string ChartNote,
    Html Sql);

/// <summary>A number worth a glance.</summary>
internal sealed record VerdictTile(string Label, string Value, string Note);

/// <summary>One arm: the word, the sentence, and how large the difference is.</summary>
internal sealed record VerdictRow(Html Arm, Html Badge, string Reason, string Effect, string Losses);
