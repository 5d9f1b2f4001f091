namespace MfRae.Lab.Core.Tracking;

/// <summary>One line about the current plan of an experiment, for lists of experiments.</summary>
/// <param name="Arms">Number of arms.</param>
/// <param name="Seeds">Number of seeds.</param>
/// <param name="Runs">Status → number of runs, the worst status first.</param>
/// <param name="BestArm">The arm with the best mean of the primary metric; null where none has one, or where the arms'
/// values may not be compared.</param>
/// <param name="BestMean">That mean over the arm's seeds.</param>
public sealed record ExperimentSummary(
    string Name,
    string Path,
    string Question,
    string PrimaryMetric,
    int Arms,
    int Seeds,
    IReadOnlyDictionary<string, int> Runs,
    string? BestArm,
    double? BestMean);
