using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// Floating-point operations of a plan's stages, for their records: two for each multiply-add that <see cref="Profiler"/> counts.
/// Training is steps × what a step costs, probes of the estimator and evaluations of the teacher included; sampling is images × the
/// evaluations of each, and its decoding. What changes only the optimizer's state, and all that is no network, is left out.
/// </summary>
public static class StageFlops
{
    private const double PerMultiplyAdd = 2;

    /// <summary>Stage key → operations of the whole stage; stages without a cost model are not in it.</summary>
    public static IReadOnlyDictionary<string, double> Of(Plan plan, string workingDirectory)
    {
        var flops = new Dictionary<string, double>();
        IReadOnlyDictionary<string, ArmProfile> profiles;
        try
        {
            profiles = Profiler.Profile(plan.Experiment, workingDirectory).ToDictionary(profile => profile.Arm);
        }
        catch (LabException)
        {
            // A file of weights that cannot be read. The stage that needs it says so; an estimate is not worth the run.
            return flops;
        }

        var nodes = plan.Stages.ToDictionary(stage => stage.Key);
        foreach (var run in plan.Runs)
        {
            var profile = profiles[run.Arm];
            foreach (var training in profile.Training.Where(training => run.Stages.ContainsKey(training.Stage)))
                flops[run.Stages[training.Stage]] = PerMultiplyAdd * training.Steps * training.Step.Total;
            Add("sampling", "generator");
            Add("teacherSampling", "teacher");

            void Add(string role, string sampler)
            {
                var image = profile.Sampling.Where(sampling => sampling.Sampler == sampler).Sum(sampling => sampling.Cost.Image.Total);
                if (image > 0 && run.Stages.TryGetValue(role, out var key) && nodes[key].Definition is SamplingStage stage)
                    flops[key] = PerMultiplyAdd * stage.Samples * image;
            }
        }

        return flops;
    }
}
