using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// AdamW (arXiv 1711.05101) over the flat vector of all parameters: a few operations a step, and two vectors to checkpoint.
/// </summary>
public sealed class AdamW(TrainingOptions options, Weights weights) : IDisposable
{
    // 64 MB in float32. A denominator for all parameters at once would be another set of weights.
    private const long Chunk = 1L << 24;

    /// <summary>The moving average of the gradient, [n].</summary>
    public Tensor First { get; } = zeros_like(weights.Flat).DetachFromDisposeScope();

    /// <summary>The moving average of the squared gradient, [n].</summary>
    public Tensor Second { get; } = zeros_like(weights.Flat).DetachFromDisposeScope();

    /// <summary>One update from <see cref="Weights.Gradient"/>; <paramref name="step"/> counts from 0.</summary>
    public void Step(long step, double learningRate)
    {
        var gradient = weights.Gradient!;
        First.lerp_(gradient, 1 - options.Beta1);
        Second.mul_(options.Beta2).addcmul_(gradient, gradient, 1 - options.Beta2);
        if (options.WeightDecay > 0)
            weights.Flat.mul_(1 - (learningRate * options.WeightDecay));
        var bias1 = 1 - Math.Pow(options.Beta1, step + 1);
        var bias2 = 1 - Math.Pow(options.Beta2, step + 1);
        for (long start = 0; start < First.numel(); start += Chunk)
        {
            using var scope = NewDisposeScope();
            Tensor Part(Tensor all) => all.narrow(0, start, Math.Min(Chunk, all.numel() - start));
            var denominator = Part(Second).sqrt().div_(Math.Sqrt(bias2)).add_(options.Epsilon);
            Part(weights.Flat).addcdiv_(Part(First), denominator, -learningRate / bias1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}

/// <summary>The learning rate as a function of the step.</summary>
public static class LearningRate
{
    /// <summary>Linear warm-up, then the schedule of the options (docs/method.md §2).</summary>
    /// <param name="step">The step, from 0.</param>
    public static double At(TrainingOptions options, long step)
    {
        var warm = options.WarmupSteps > 0 ? Math.Min(1, (step + 1.0) / options.WarmupSteps) : 1;
        if (step < options.WarmupSteps)
            return options.LearningRate * warm;
        var progress = (double)(step - options.WarmupSteps) / Math.Max(1, options.Steps - options.WarmupSteps);
        return options.Schedule switch
        {
            TrainingOptions.Cosine => Falling(options, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            TrainingOptions.Linear => Falling(options, 1 - progress),
            TrainingOptions.StepWise => options.LearningRate
                * Math.Pow(options.DropFactor ?? TrainingOptions.UsualDropFactor, options.DropSteps!.Count(drop => step >= drop)),
            TrainingOptions.WarmupStableDecay => Falling(
                options, Math.Min(1, (double)(options.Steps - step) / (options.DecaySteps ?? TrainingOptions.UsualDecaySteps(options.Steps)))),
            _ => options.LearningRate,
        };
    }

    /// <param name="part">1 for the full rate, 0 for the rate at the end.</param>
    private static double Falling(TrainingOptions options, double part)
    {
        var end = options.ScheduleEnd ?? 0;
        return options.LearningRate * (end + ((1 - end) * part));
    }
}
