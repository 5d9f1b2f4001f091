using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// The training loop. It trains every network of the lab, for any objective (docs/method.md §2). Its progress events are the source of the
/// throughput and of the time left that the console shows. Several ranks run it together: each computes the gradients of some micro-batches, and
/// all take the same steps from their sum. Only rank 0 writes files.
/// </summary>
/// <param name="ranks">The processes that compute the stage together; null: only this one.</param>
public sealed class Trainer(TrainingOptions options, StageContext context, ICollective? ranks = null)
{
    private readonly ICollective _ranks = ranks ?? new OneProcess();

    // Libtorch fragments the native heap unless finalizers run now and then.
    private const int StepsPerCollection = 50;

    // The number of single steps before a divergence that are written to the curves.
    private const int StepsBeforeDivergence = 100;
    private const string Loss = "loss";
    private const string Norm = "gradientNorm";
    private const string UnweightedNorm = "gradientNorm.unweighted";

    /// <summary>
    /// Trains <paramref name="weights"/> from the start or from the folder's checkpoint, and returns the average of the
    /// weights that later stages use. On one machine and device, an interrupted and resumed training gives the same bits as an
    /// uninterrupted one.
    /// </summary>
    /// <param name="snapshots">Receives the average at some of the steps; null: no snapshots.</param>
    /// <param name="watch">Evaluates the average at some of the steps, and may stop the training; null: neither.</param>
    /// <exception cref="DivergedException">Loss or gradient is not finite, or the gradient norm was above its limit for too long.</exception>
    /// <exception cref="StoppedException">The watch stopped the training.</exception>
    /// <exception cref="OperationCanceledException">The user stopped the run; a checkpoint was written.</exception>
    /// <exception cref="RankFinishedException">The training is complete, and this process is not rank 0.</exception>
    public Weights Run(WeightSpec spec, Weights weights, IObjective objective, Snapshots? snapshots = null, Watch? watch = null)
    {
        // State: a checkpoint holds all of it. Random numbers have no state, they are functions of seed, purpose and step.
        weights.Precision = Precision.ForTraining(options.Precision, weights.Device);
        weights.Train();
        var average = weights.Clone(spec);
        using var optimizer = new AdamW(options, weights);
        using var curves = new CurveWindow();
        using var gradients = new GradientWatch(options, weights.Device);
        using var last = new LastSteps(StepsBeforeDivergence + context.Spec.Settings.LogEvery, weights.Device);
        var checkpoint = new Checkpoint(context.Folder, weights, average, optimizer, curves, gradients, last);
        using var checkpoints = new CheckpointWriter(checkpoint, context, ResourceUse.AvailableBytes);

        // Resume: continue after the checkpoint's step, or start with a snapshot of the initial weights. All ranks have the state of rank 0.
        var step = _ranks.Rank == 0 ? checkpoint.Restore(problem => context.Journal.Write(new NoticeEvent(problem))) : 0;
        step = _ranks.OfFirst(step);
        foreach (var values in checkpoint.Values())
            _ranks.Share(values);
        snapshots = _ranks.Rank == 0 ? snapshots : null;
        if (_ranks.Rank == 0)
            watch?.Restore(step);
        if (step > 0)
            context.Journal.Write(new ResumedEvent(step));
        else
            snapshots?.Take(0, average, weights);

        var passes = new StepGradient(objective, weights, context, _ranks);
        var timer = new StepTimer(context.Time, weights.Device);
        while (step < options.Steps)
        {
            // One dispose scope a step: no tensor of a step outlives it.
            timer.Start();
            using (NewDisposeScope())
            {
                // Gradient: of the loss of the batch of this step, by all parameters, in one flat vector. The gradient norm without the loss
                // weight is computed for a report, and at every step if it has a limit.
                var value = passes.Compute(step, unweighted: gradients.IsActive || IsReported(step + 1));
                using var quiet = no_grad();

                // Clip: scale the gradient down where its norm is above the limit.
                var norm = weights.Gradient!.norm();
                if (options.ClipNorm > 0)
                    weights.Gradient.mul_((options.ClipNorm / (norm + 1e-6)).clamp_(max: 1));

                // Optimizer: one AdamW update at the learning rate of this step.
                var learningRate = LearningRate.At(options, step);
                optimizer.Step(step, learningRate);

                // EMA: move the average towards the weights.
                if (options.Ema > 0)
                    average.Flat.lerp_(weights.Flat, 1 - options.Ema);
                else
                    average.Flat.copy_(weights.Flat);
                step++;

                // Curves: add the values up on the device.
                var unweighted = value.UnweightedNorm ?? norm;
                gradients.Add(unweighted);
                last.Add(step, value.Loss, norm, unweighted);
                curves.Add(Loss, value.Loss);
                curves.Add(Norm, norm);
                if (value.UnweightedNorm is not null || value.IsPlain)
                    curves.Add(UnweightedNorm, unweighted);
                curves.Set("learningRate", learningRate);
                foreach (var (name, series) in value.Series)
                    curves.Add(name, series);
            }
            timer.Stop();

            // Snapshots: before the checkpoint, so that an attempt that resumes from one finds all snapshots up to there.
            snapshots?.Take(step, average, weights);

            // Report: write the means since the last report and the progress, and stop if the training has diverged.
            if (IsReported(step))
                Report(step, curves, gradients, last, timer);

            // Watch: evaluate the average, and stop a training without progress.
            var stop = _ranks.Rank == 0 ? watch?.Take(step, average, weights) : null;
            if (watch is not null && _ranks.OfFirst(stop is null ? 0 : 1) > 0)
            {
                if (stop is null)
                    throw new RankFinishedException();
                WriteCost(timer);
                throw stop;
            }

            // Checkpoint: when the user stops the run, and at intervals that follow from its cost.
            if (_ranks.OfFirst(context.Stop.IsCancellationRequested ? 1 : 0) > 0)
            {
                if (_ranks.Rank == 0)
                    checkpoints.WriteNow(step);
                throw new OperationCanceledException(context.Stop);
            }
            if (_ranks.Rank == 0)
                checkpoints.WriteIfDue(step);

            if (step % StepsPerCollection == 0)
                GC.Collect(0);
        }

        // Result: the average with the running statistics of the weights. The last update may have overflowed after a finite loss.
        WriteCost(timer);
        average.CopyConstants(weights);
        if (average.NotFinite() is not [var damaged, ..])
            return _ranks.Rank == 0 ? average : throw new RankFinishedException();
        WriteLast(last.Read(step), step);
        throw DivergedException.NotFinite(step, $"'{damaged}' of the trained weights");
    }

    private bool IsReported(long step) => step % context.Spec.Settings.LogEvery == 0 || step == options.Steps;

    private void WriteCost(StepTimer timer)
    {
        if (timer.Cost(ResourceUse.PeakBytes()) is { } cost)
            context.Journal.Write(cost);
    }

    private void Report(long step, CurveWindow curves, GradientWatch gradients, LastSteps last, StepTimer timer)
    {
        var means = curves.Take();
        var divergence = means[Loss] is null || means[Norm] is null ? NotFinite(step, means, last) : gradients.Check(step);
        if (divergence is not null)
            WriteLast(last.Read(step), divergence.Step);
        context.Journal.Write(new MetricsEvent(step, means));
        context.Journal.Write(new ProgressEvent(step, options.Steps, "step", options.BatchSize));
        if (divergence is not null)
        {
            WriteCost(timer);
            throw divergence;
        }
    }

    // Finds the step of the first value that is not finite. Where a resumed window lacks it, the step of the report is named.
    private static DivergedException NotFinite(long reported, IReadOnlyDictionary<string, double?> means, LastSteps last)
    {
        foreach (var (step, loss, norm, _) in last.Read(reported))
        {
            if (loss is null || norm is null)
                return DivergedException.NotFinite(step, loss is null ? Loss : Norm);
        }
        return DivergedException.NotFinite(reported, means[Loss] is null ? Loss : Norm);
    }

    // Writes the values of single steps up to a divergence. Steps that have a report keep its means.
    private void WriteLast(IReadOnlyList<(long Step, double? Loss, double? Norm, double? Unweighted)> steps, long divergence)
    {
        foreach (var (step, loss, norm, unweighted) in steps.Where(step => step.Step <= divergence).TakeLast(StepsBeforeDivergence))
        {
            if (IsReported(step))
                continue;
            var values = new Dictionary<string, double?> { [Loss] = loss, [Norm] = norm };
            if (options.GradientNormLimit > 0)
                values[UnweightedNorm] = unweighted;
            context.Journal.Write(new MetricsEvent(step, values));
        }
    }
}

/// <summary>Passes on the averaged weights after some of the steps.</summary>
/// <param name="steps">The numbers of completed steps at which to pass them on; 0 is before the first step.</param>
/// <param name="keep">Receives the number of completed steps and the averaged weights.</param>
public sealed class Snapshots(IEnumerable<int> steps, Action<int, Weights> keep)
{
    private readonly HashSet<int> _steps = [.. steps];

    /// <summary>Passes on <paramref name="average"/>, with the constants of <paramref name="weights"/>, if the step is one of the list.</summary>
    public void Take(long step, Weights average, Weights weights)
    {
        if (step > int.MaxValue || !_steps.Contains((int)step))
            return;
        average.CopyConstants(weights);
        keep((int)step, average);
    }
}
