using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>λ as a function of the step (docs/method.md §2).</summary>
/// <param name="start">λ of the first step.</param>
/// <param name="options">How it moves; null: not at all.</param>
/// <param name="trainingSteps">Steps of the whole training.</param>
public sealed class LambdaSchedule(double start, LambdaScheduleOptions? options, long trainingSteps)
{
    /// <summary>λ of the step that has so many steps before it.</summary>
    public double At(long step) => options switch
    {
        null => start,
        LinearLambdaOptions linear => Between(linear.End, Progress(step, linear.Steps)),
        CosineLambdaOptions cosine => Between(cosine.End, (1 - Math.Cos(Math.PI * Progress(step, cosine.Steps))) / 2),
        SwitchLambdaOptions once => step < once.Step ? start : once.End,
        _ => throw new NotSupportedException($"{options.GetType().Name} has no schedule"),
    };

    private double Progress(long step, int? steps) => Math.Min(1, (double)step / (steps ?? trainingSteps));

    private double Between(double end, double share) => ((1 - share) * start) + (share * end);
}
