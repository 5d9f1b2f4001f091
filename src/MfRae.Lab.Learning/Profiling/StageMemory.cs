using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;

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
        var networks = new ArmNetworks(options, workingDirectory);
        return
        [
            .. new TrainingCosts(options, networks).All().Select(training =>
            {
                var network = training.Stage switch
                {
                    "teacher" => networks.Teacher,
                    "cmt" or "meanflow" => networks.Generator,
                    _ => null,
                };
                var bytes = training.ActivationBytes / training.Batch;
                return (training.Stage, new TrainingMemory(training.Batch, bytes, network is null ? bytes : bytes * RecomputedShare(network)));
            }),
        ];
    }

    private static double RecomputedShare(DitNetwork network)
    {
        var spec = network.Declare();
        return NetworkCost.KeptWithRecomputation(spec) / NetworkCost.Of(spec).Kept;
    }
}
