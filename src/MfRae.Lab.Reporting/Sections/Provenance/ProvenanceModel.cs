using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Provenance;

/// <summary>Where the numbers come from, in full.</summary>
internal sealed record ProvenanceModel(
    IReadOnlyList<ProvenanceFact> Facts,
    IReadOnlyList<ProvenanceFold> Stages,
    IReadOnlyList<ProvenanceRun> Runs,
    Html Sql);

/// <param name="Timing">Whether it tells how the work went instead of what came out.</param>
internal sealed record ProvenanceFact(string Name, string Value, bool Timing = false);

/// <summary>A text that is folded away.</summary>
internal sealed record ProvenanceFold(string Title, string Text);

internal sealed record ProvenanceRun(string Id, string Arm, string Seed, Html Status);
