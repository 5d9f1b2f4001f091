using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>In what two experiments agree and differ, before any result is looked at.</summary>
/// <param name="Kept">Whether values of shared stages are equal, in a sentence; empty where no shared stage measured anything.</param>
/// <param name="Changed">Values of shared stages that are not.</param>
internal sealed record SamenessModel(
    Html A,
    Html B,
    IReadOnlyList<SamenessFact> Facts,
    string Stages,
    IReadOnlyList<SamenessStages> Kinds,
    string Kept,
    IReadOnlyList<SamenessValue> Changed,
    string Arms,
    IReadOnlyList<SamenessOption> Options);

/// <param name="Timing">Whether it tells how the work went instead of what was asked.</param>
internal sealed record SamenessFact(string Name, string One, string Other, Html Badge, bool Timing);

internal sealed record SamenessStages(string Kind, string Shared, string OnlyOne, string OnlyOther);

internal sealed record SamenessValue(string Stage, string Metric, string One, string Other);

/// <param name="Arms">Those in which the option differs so.</param>
internal sealed record SamenessOption(string Path, string Arms, string One, string Other);
