using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>One way to count what the training of a run cost.</summary>
/// <param name="Name">With its unit: `training steps`.</param>
/// <param name="Of">Null where it is not known.</param>
/// <param name="Timing">Whether it depends on how the work went.</param>
internal sealed record CostAxis(string Name, Func<RunRecord, double?> Of, Func<double, string> Format, bool Timing)
{
    /// <summary>Over the runs of which it is known; null where that is none.</summary>
    public double? Mean(ArmView arm) => arm.Runs.Select(Of).OfType<double>().ToArray() is { Length: > 0 } known ? known.Average() : null;
}
