using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>The estimated memory of the trainings of a plan, from which `--micro-batch auto` is chosen.</summary>
public static class StageMemory
{
    /// <summary>Stage key → memory. Stages that do not train, and stages without a cost model, are left out.</summary>
    public static IReadOnlyDictionary<string, TrainingMemory> Of(Plan plan, string workingDirectory)
    {
        var memory = new Dictionary<string, TrainingMemory>();
        foreach (var arm in plan.Experiment.Arms)
        {
            IReadOnlyList<(string Stage, TrainingMemory Memory)> trainings;
            try
            {
                trainings = Of(arm.Options, workingDirectory);
            }
            catch (LabException)
            {
                // A weights file cannot be read. The stage that needs it reports the error.
                continue;
            }

            foreach (var run in plan.Runs.Where(run => run.Arm == arm.Name))
            {
                foreach (var (stage, needs) in trainings.Where(training => run.Stages.ContainsKey(training.Stage)))
                    memory[run.Stages[stage]] = needs;
            }
        }

        return memory;
    }

    private static List<(string Stage, TrainingMemory Memory)> Of(Core.Options.LabOptions options, string workingDirectory)
    {
        return
        [
            .. new TrainingCosts(options, new ArmNetworks(options, workingDirectory)).All().Select(training => (
                training.Stage,
                new TrainingMemory(
                    training.Batch, training.Memory.Sample, training.Memory.RecomputedSample ?? training.Memory.Sample))),
        ];
    }
}
