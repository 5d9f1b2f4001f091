using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Tracking;
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

    /// <summary>
    /// Trains <paramref name="weights"/> from the start or from the folder's checkpoint, and returns the average of the
    /// weights that is used downstream. The same bits come out whether or not it was interrupted.
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
        var checkpoint = new Checkpoint(context.Folder, weights, average, optimizer, curves, gradients);
        var step = checkpoint.Restore(problem => context.Journal.Write(new NoticeEvent(problem)));
        if (step > 0)
            context.Journal.Write(new ResumedEvent(step));
        else
            snapshots?.Take(0, average, weights);

        var lastCheckpoint = context.Time.GetTimestamp();
        while (step < options.Steps)
        {
            TrainStep(training, objective, step, curves, gradients);
            step++;

            // Before the checkpoint: an attempt that goes on from one finds all snapshots up to there.
            snapshots?.Take(step, average, weights);
            if (step % context.Spec.Settings.LogEvery == 0 || step == options.Steps)
                Report(step, curves, gradients);
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
        return average.NotFinite() is [var damaged, ..] ? throw DivergedException.NotFinite(step, $"'{damaged}' of the trained weights") : average;
    }

    private static void TrainStep(
        TrainingStep training, IObjective objective, long step, CurveWindow curves, GradientWatch gradients)
    {
        using var scope = NewDisposeScope();
        var (value, norm, learningRate) = training.Take(objective, step);
        using var quiet = no_grad();
        gradients.Add(norm);
        curves.Add("loss", value.Loss);
        curves.Add("gradientNorm", norm);
        curves.Add("learningRate", learningRate);
        foreach (var (name, series) in value.Series)
            curves.Add(name, series);
    }

    private void Report(long step, CurveWindow curves, GradientWatch gradients)
    {
        var means = curves.Take();
        context.Journal.Write(new MetricsEvent(step, means));
        context.Journal.Write(new ProgressEvent(step, options.Steps, "step"));
        foreach (var name in new[] { "loss", "gradientNorm" })
        {
            if (means[name] is null)
                throw DivergedException.NotFinite(step, name);
        }
        gradients.Check(step);
    }

    private void Save(Checkpoint checkpoint, long step)
    {
        // An attempt that goes on from there does not report again what came before.
        context.Journal.Flush();
        checkpoint.Save(step);
        context.Journal.Write(new CheckpointEvent(step));
    }
}
