using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>λ as a function of the step (docs/method.md §2).</summary>
/// <param name="start">λ of the first step.</param>
/// <param name="options">The schedule; null: constant.</param>
/// <param name="trainingSteps">Steps of the whole training.</param>
public sealed class LambdaSchedule(double start, LambdaScheduleOptions? options, long trainingSteps)
{
    /// <summary>λ of a step, counted from 0.</summary>
    public double At(long step) => options switch
    {
        null => start,
        LinearLambdaOptions linear => Between(linear.End, Progress(step, linear.Steps)),
        CosineLambdaOptions cosine => Between(cosine.End, (1 - Math.Cos(Math.PI * Progress(step, cosine.Steps))) / 2),
        SwitchLambdaOptions once => step < once.Step ? start : once.End,
        _ => throw new NotSupportedException($"{options.GetType().Name} has no schedule"),
    };

    /// <summary>Whether λ is above 0 at any step: only then a teacher is needed.</summary>
    public bool NeedsTeacher => start > 0 || options
        is LinearLambdaOptions { End: > 0 } or CosineLambdaOptions { End: > 0 } or SwitchLambdaOptions { End: > 0 };

    /// <summary>The schedule of the target; constant for a training without one.</summary>
    public static LambdaSchedule Target(IMeanFlowTraining options) =>
        new(options.Lambda, (options as LambdaMeanFlowOptions)?.LambdaSchedule, options.Training.Steps);

    /// <summary>
    /// The schedule of the derivative's direction: that of the target, unless the options have a separate one. The network's own velocity as the
    /// direction has none.
    /// </summary>
    public static LambdaSchedule Tangent(IMeanFlowTraining options) => options is LambdaMeanFlowOptions { Tangent: null, TangentLambda: { } own } mixed
        ? new(own, mixed.TangentLambdaSchedule, options.Training.Steps)
        : Target(options);

    private double Progress(long step, int? steps) => Math.Min(1, (double)step / (steps ?? trainingSteps));

    private double Between(double end, double share) => ((1 - share) * start) + (share * end);
}

/// <summary>α of α-Flow as a function of the step (docs/method.md §2).</summary>
/// <param name="trainingSteps">Steps of the whole training.</param>
public sealed class AlphaSchedule(AlphaScheduleOptions options, long trainingSteps)
{
    /// <summary>α of a step, counted from 0.</summary>
    public double At(long step)
    {
        var alpha = Raw(step);
        return alpha < options.Clamp ? options.Discrete ? options.Clamp : 0 : alpha > 1 - options.Clamp ? 1 : alpha;
    }

    /// <summary>The share of the steps of the training for whose α the condition holds, from at most 10,000 evenly spaced steps.</summary>
    public double Share(Func<double, bool> condition)
    {
        var count = (int)Math.Min(trainingSteps, 10_000);
        return Enumerable.Range(0, count).Count(i => condition(At(i * trainingSteps / count))) / (double)count;
    }

    private double Raw(long step)
    {
        long finish = options.Finish ?? trainingSteps;
        if (step < options.Begin)
            return options.Start;
        if (step >= finish)
            return options.End;
        var progress = (step - options.Begin) / (double)(finish - options.Begin);
        return options.Shape switch
        {
            "sigmoid" => 1 - (1 / (1 + Math.Exp(-options.Gamma * (progress - 0.5)))),
            "linear" => options.Start + ((options.End - options.Start) * progress),
            "exponential" => options.Start * Math.Pow(options.End / options.Start, Math.Pow(progress, options.Gamma)),
            "log" => options.Start + ((options.End - options.Start) * Math.Log10(1 + (9 * progress))),
            "step" => options.Start,
            _ => throw new NotSupportedException($"α has no shape {options.Shape}"),
        };
    }
}
