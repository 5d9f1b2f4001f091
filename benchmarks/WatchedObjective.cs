using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;

namespace MfRae.Lab.Benchmarks;

/// <summary>Tells when a step begins; all of a step lies between two beginnings.</summary>
internal sealed class WatchedObjective(IObjective objective, Action<long> watch) : IObjective
{
    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        watch(step);
        return objective.Evaluate(weights, step);
    }

    public DividedBatch? Divide(Weights weights, long step, long samples)
    {
        watch(step);
        return objective.Divide(weights, step, samples);
    }
}
