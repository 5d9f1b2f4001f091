using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>What a network is trained for. It draws its own batch, as a function of the step; it opens no dispose scope.</summary>
public interface IObjective
{
    /// <summary>The loss of one step, with gradients enabled, and what else is worth a curve.</summary>
    ObjectiveValue Evaluate(Weights weights, long step);
}

/// <param name="Loss">The scalar that is minimised.</param>
/// <param name="Series">Further scalars, without gradient, under the names of their curves.</param>
public sealed record ObjectiveValue(Tensor Loss, params IReadOnlyList<(string Name, Tensor Value)> Series);

/// <summary>What a network says and what it should say, sample by sample.</summary>
/// <param name="Output">[B, C, H, W], with gradient.</param>
/// <param name="Target">[B, C, H, W], held fixed.</param>
public sealed record Regression(Tensor Output, Tensor Target)
{
    /// <summary>[B, C, H, W].</summary>
    public Tensor Difference { get; } = Output - Target;
}
