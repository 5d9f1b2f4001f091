using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Cli.Output;

/// <param name="Steps">Network evaluations per sample.</param>
/// <param name="Planned">Runs the experiment asked for, so that lost seeds stay in view.</param>
/// <param name="Values">Metric → its values over the runs that have one.</param>
/// <param name="Diverged">Runs that diverged.</param>
public sealed record ResultRow(
    string Name, bool Baseline, int Steps, int Planned, IReadOnlyDictionary<string, Summary> Values, int Diverged = 0);
