using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>One step of training: gradient, clipping, AdamW, and the average of the weights (docs/method.md §2).</summary>
/// <param name="weights">With gradients enabled.</param>
/// <param name="average">Weights of the same spec that follow them.</param>
public sealed class TrainingStep(TrainingOptions options, Weights weights, Weights average, AdamW optimizer)
{
    /// <summary>
    /// Takes the step <paramref name="step"/>, counted from 0. Everything it makes belongs to the caller's dispose scope.
    /// </summary>
    public StepValue Take(IObjective objective, long step)
    {
        weights.Gradient!.zero_();
        var value = objective.Evaluate(weights, step);
        value.Loss.backward();

        using var quiet = no_grad();
        var norm = weights.Gradient.norm();
        if (options.ClipNorm > 0)
            weights.Gradient.mul_((options.ClipNorm / (norm + 1e-6)).clamp_(max: 1));
        var learningRate = LearningRate.At(options, step);
        optimizer.Step(step, learningRate);
        if (options.Ema > 0)
            average.Flat.lerp_(weights.Flat, 1 - options.Ema);
        else
            average.Flat.copy_(weights.Flat);
        return new(value, norm, learningRate);
    }
}
