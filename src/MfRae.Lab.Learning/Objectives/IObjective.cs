using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The loss that a network is trained on. It draws its own batch, as a function of the step; it opens no dispose scope.</summary>
public interface IObjective
{
    /// <summary>The loss of one step, with gradients enabled, and further values for the curves.</summary>
    ObjectiveValue Evaluate(Weights weights, long step);

    /// <summary>
    /// The same batch, to be evaluated part by part; null for an objective whose loss compares the samples of a batch with each other. All
    /// random numbers are drawn for the whole batch: its parts see the numbers that <see cref="Evaluate"/> sees.
    /// </summary>
    /// <param name="samples">The largest number of samples that is evaluated at once.</param>
    DividedBatch? Divide(Weights weights, long step, long samples) => null;

    /// <summary>The objective of a generator for each kind of options. A new objective is added to this list.</summary>
    /// <param name="teacher">v_φ without guidance; null where the stage has no teacher.</param>
    static IObjective Create(ITrained options, GeneratorNetwork network, VelocityField? teacher, ILatentSource source) => options switch
    {
        FlowMatchingOptions flow => new FlowMatchingObjective(flow, network, source),
        TrajectoryCmtOptions cmt => new CmtObjective(
            cmt, network, teacher ?? throw new ArgumentNullException(nameof(teacher), "CMT learns from a teacher"), source),
        IMeanFlowTraining meanFlow => new MeanFlowObjective(meanFlow, network, teacher, source),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no objective"),
    };
}

/// <summary>The loss of one step and further values for the curves.</summary>
/// <param name="Loss">The scalar that is minimised.</param>
/// <param name="Series">Further scalars for the curves.</param>
public sealed record ObjectiveValue(Tensor Loss, params IReadOnlyList<CurveScalar> Series)
{
    /// <summary>
    /// The loss without the weight of the errors (docs/method.md §2), with gradient: <see cref="Loss"/> itself where the weight is plain;
    /// null for an objective without a loss weight.
    /// </summary>
    public Tensor? Unweighted { get; init; }
}

/// <summary>The output of a network and its target, sample by sample.</summary>
/// <param name="Output">[B, C, H, W], with gradient.</param>
/// <param name="Target">[B, C, H, W], held fixed.</param>
public sealed record Regression(Tensor Output, Tensor Target)
{
    /// <summary>[B, C, H, W].</summary>
    public Tensor Difference { get; } = Output - Target;

    /// <summary>A factor of each sample's weighted loss [B], a part of its loss weight; null: 1.</summary>
    public Tensor? Weight { get; init; }
}
