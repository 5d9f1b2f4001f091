using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>The one training loop: every network of the lab is trained by it, for whatever objective.</summary>
public sealed class Trainer(TrainingOptions options, StageContext context)
{
    // Libtorch fragments the native heap unless finalizers run now and then.
    private const int StepsPerCollection = 50;

    // The number of single steps that a run which diverges writes to its curves.
    private const int StepsBeforeDivergence = 100;
    private const string Loss = "loss";
    private const string Norm = "gradientNorm";

    /// <summary>
    /// Trains <paramref name="weights"/> from the start or from the folder's checkpoint, and returns the average of the
    /// weights that is used downstream. On one machine and device the same bits come out whether or not it was interrupted.
    /// </summary>
    /// <param name="snapshots">What is kept of the average on the way; null: nothing.</param>
    /// <exception cref="DivergedException">Loss or gradient is not finite, or the gradient norm was above its limit for too long.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop; a checkpoint was written.</exception>
    public Weights Run(WeightSpec spec, Weights weights, IObjective objective, Snapshots? snapshots = null)
    {
        weights.Precision = Precision.ForTraining(options.Precision, weights.Device);
        weights.Train();
        var average = weights.Clone(spec);
        using var optimizer = new AdamW(options, weights);
        var training = new TrainingStep(options, weights, average, optimizer);
        using var curves = new CurveWindow();
        using var gradients = new GradientWatch(options, weights.Device);
        using var last = new LastSteps(StepsBeforeDivergence + context.Spec.Settings.LogEvery, weights.Device);
        var checkpoint = new Checkpoint(context.Folder, weights, average, optimizer, curves, gradients, last);
        var step = checkpoint.Restore(problem => context.Journal.Write(new NoticeEvent(problem)));
        if (step > 0)
            context.Journal.Write(new ResumedEvent(step));
        else
            snapshots?.Take(0, average, weights);

        var lastCheckpoint = context.Time.GetTimestamp();
        while (step < options.Steps)
        {
            TrainStep(training, objective, step, curves, gradients, last);
            step++;

            // Before the checkpoint: an attempt that goes on from one finds all snapshots up to there.
            snapshots?.Take(step, average, weights);
            if (step % context.Spec.Settings.LogEvery == 0 || step == options.Steps)
                Report(step, curves, gradients, last);
            if (context.Stop.IsCancellationRequested)
            {
                Save(checkpoint, step);
                context.Stop.ThrowIfCancellationRequested();
            }
            if (context.Time.GetElapsedTime(lastCheckpoint).TotalSeconds >= context.Spec.Settings.CheckpointSeconds)
            {
                Save(checkpoint, step);
                lastCheckpoint = context.Time.GetTimestamp();
            }
            if (step % StepsPerCollection == 0)
                GC.Collect(0);
        }
        average.CopyConstants(weights);

        // The loss is of the weights before the last update, so a finite loss does not say that they are finite after it.
        if (average.NotFinite() is not [var damaged, ..])
            return average;
        WriteLast(last.Read(step), step);
        throw DivergedException.NotFinite(step, $"'{damaged}' of the trained weights");
    }

    private static void TrainStep(
        TrainingStep training, IObjective objective, long step, CurveWindow curves, GradientWatch gradients, LastSteps last)
    {
        using var scope = NewDisposeScope();
        var (value, norm, learningRate) = training.Take(objective, step);
        using var quiet = no_grad();
        gradients.Add(norm);
        last.Add(step + 1, value.Loss, norm);
        curves.Add(Loss, value.Loss);
        curves.Add(Norm, norm);
        curves.Set("learningRate", learningRate);
        foreach (var (name, series) in value.Series)
            curves.Add(name, series);
    }

    private void Report(long step, CurveWindow curves, GradientWatch gradients, LastSteps last)
    {
        var means = curves.Take();
        var divergence = means[Loss] is null || means[Norm] is null ? NotFinite(step, means, last) : gradients.Check(step);
        if (divergence is not null)
            WriteLast(last.Read(step), divergence.Step);
        context.Journal.Write(new MetricsEvent(step, means));
        context.Journal.Write(new ProgressEvent(step, options.Steps, "step"));
        if (divergence is not null)
            throw divergence;
    }

    // Finds the step of the first value that is not finite. Where a resumed window lacks it, the step of the report is named.
    private static DivergedException NotFinite(long reported, IReadOnlyDictionary<string, double?> means, LastSteps last)
    {
        foreach (var (step, loss, norm) in last.Read(reported))
        {
            if (loss is null || norm is null)
                return DivergedException.NotFinite(step, loss is null ? Loss : Norm);
        }
        return DivergedException.NotFinite(reported, means[Loss] is null ? Loss : Norm);
    }

    // Writes the values of single steps up to a divergence. Steps that have a report keep its means.
    private void WriteLast(IReadOnlyList<(long Step, double? Loss, double? Norm)> steps, long divergence)
    {
        foreach (var (step, loss, norm) in steps.Where(step => step.Step <= divergence).TakeLast(StepsBeforeDivergence))
        {
            if (step % context.Spec.Settings.LogEvery != 0 && step != options.Steps)
                context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { [Loss] = loss, [Norm] = norm }));
        }
    }

    private void Save(Checkpoint checkpoint, long step)
    {
        // An attempt that goes on from there does not report again what came before.
        context.Journal.Flush();
        checkpoint.Save(step);
        context.Journal.Write(new CheckpointEvent(step));
    }
}

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

/// <summary>What one step of training tells.</summary>
/// <param name="GradientNorm">Of all parameters, before clipping: a scalar.</param>
public sealed record StepValue(ObjectiveValue Objective, Tensor GradientNorm, double LearningRate);

/// <summary>Keeps the averaged weights as they are after some of the steps.</summary>
/// <param name="steps">Numbers of steps done; 0 is before the first.</param>
/// <param name="keep">Is given each of them, and the weights.</param>
public sealed class Snapshots(IEnumerable<int> steps, Action<int, Weights> keep)
{
    private readonly HashSet<int> _steps = [.. steps];

    /// <param name="average">What is kept, with the constants of <paramref name="weights"/>.</param>
    public void Take(long step, Weights average, Weights weights)
    {
        if (step > int.MaxValue || !_steps.Contains((int)step))
            return;
        average.CopyConstants(weights);
        keep((int)step, average);
    }
}
