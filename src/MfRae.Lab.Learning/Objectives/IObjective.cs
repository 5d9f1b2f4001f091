using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>What a network is trained for. It draws its own batch, as a function of the step; it opens no dispose scope.</summary>
public interface IObjective
{
    /// <summary>The loss of one step, with gradients enabled, and what else is worth a curve.</summary>
    ObjectiveValue Evaluate(Weights weights, long step);
}
