namespace MfRae.Lab.Tracking;

/// <summary>One run of a current plan, as the view `runs` has it.</summary>
/// <param name="Started">When the first attempt at any of its stages began, or null where none did.</param>
/// <param name="WallSeconds">All attempts at all its stages, those it shares with other runs included.</param>
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
    double WallSeconds);
