using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Training;

/// <summary>The learning rate as a function of the step.</summary>
public static class LearningRate
{
    /// <summary>Linear warm-up, then constant or a half cosine to zero at the last step.</summary>
    public static double At(TrainingOptions options, long step)
    {
        var warm = options.WarmupSteps > 0 ? Math.Min(1, (step + 1.0) / options.WarmupSteps) : 1;
        if (options.Schedule != "cosine" || step < options.WarmupSteps)
            return options.LearningRate * warm;
        var progress = (double)(step - options.WarmupSteps) / Math.Max(1, options.Steps - options.WarmupSteps);
        return options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
