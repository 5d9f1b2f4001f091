namespace MfRae.Lab.Tracking;

/// <summary>One run of a current plan, as the view `runs` has it.</summary>
/// <param name="Started">When the first attempt began at a stage that only this run has, or at any of its stages where it shares all of
/// them; null where none did.</param>
/// <param name="WallSeconds">All attempts at all its stages, those it shares with other runs included.</param>
/// <param name="Metric">The primary metric of the experiment.</param>
/// <param name="Value">What the run measured of it; null where it did not, or the value is not finite.</param>
/// <param name="Overrides">The options given on the command line.</param>
/// <param name="Working">Keys of its stages that the database has as queued or running.</param>
public sealed record RunListing(
    string Id,
    string Experiment,
    string Arm,
    bool Baseline,
    long Seed,
    string Status,
    int Stages,
    int Completed,
    DateTimeOffset? Started,
    double WallSeconds,
    string Metric = "",
    double? Value = null,
    IReadOnlyList<string>? Overrides = null,
    IReadOnlyList<string>? Working = null);
