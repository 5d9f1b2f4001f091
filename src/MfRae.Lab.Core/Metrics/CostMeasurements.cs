using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Metrics;

/// <summary>
/// The cost of the training steps of an arm as measurements. They depend on the machine, so processor, threads and jobs are part of their
/// identity: values of different machines are not compared. The same holds for ranks, and for micro-batches and
/// recomputation, which exchange time for memory.
/// </summary>
public static class CostMeasurements
{
    /// <summary>The role in a run of the training whose cost is the run's: MeanFlow, or else CMT.</summary>
    public static string RoleOf(IReadOnlyDictionary<string, string> stages) => stages.ContainsKey("meanflow") ? "meanflow" : "cmt";

    /// <summary>The measurements; none for stages whose cost is not that of an arm.</summary>
    /// <param name="cost">The cost that the training reported.</param>
    /// <param name="spec">The task of the worker.</param>
    /// <param name="device">The device of the attempt: cpu, cuda:0, ….</param>
    /// <param name="threads">The number of threads for tensor operations.</param>
    /// <param name="origin">The machine.</param>
    /// <param name="parts">The parts of a batch that the steps were computed in; null: the whole batch.</param>
    public static IEnumerable<Measurement> Of(
        CostEvent cost, StageSpec spec, string device, int threads, AttemptOrigin origin, MicroBatchEvent? parts = null)
    {
        if (spec.Node.Definition is not (CmtStage or MeanFlowStage))
        {
            return [];
        }

        string[] accelerators = origin.Accelerators.Count > 0 ? [$"accelerators={Word(string.Join('+', origin.Accelerators))}"] : [];
        string setting = string.Join(' ', (string[])
        [
            $"processor={Word(origin.Processor)}",
            string.Create(CultureInfo.InvariantCulture, $"threads={threads}"),
            .. accelerators,
            string.Create(CultureInfo.InvariantCulture, $"jobs={spec.Settings.Jobs}"),
            .. spec.Settings.Ranks > 1 ? [string.Create(CultureInfo.InvariantCulture, $"ranks={spec.Settings.Ranks}")] : (string[])[],
        ]) + parts?.Setting;
        Measurement Value(string metric, double value) => new(
            metric, value, null, null, 0, 0, 1, "", "", "", "", MetricCatalogue.HigherIsBetter(metric), DeviceClass.Of(device), "", setting);
        return [Value(MetricNames.StepSeconds, cost.StepSeconds), Value(MetricNames.PeakMemory, cost.PeakBytes)];
    }

    // Settings are separated by spaces.
    private static string Word(string text) => string.Join('_', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
