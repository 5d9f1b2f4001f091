using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Oracle;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Measures an estimator of du/dt against the exact derivative: at the step δ of its options as measurements, at all steps as series over
/// δ. The stage writes no files.
/// </summary>
internal sealed class DerivativeErrorRunner(DerivativeErrorOptions options) : IStage
{
    private const int MostAtOnce = 64;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (network, exact) = GeneratorTraining.Load(context, StageInput.Generator, ScalarType.Float64);
        var (_, weights) = GeneratorTraining.Load(
            context, StageInput.Generator, options.Precision == "float64" ? ScalarType.Float64 : ScalarType.Float32);
        using var loaded = exact;
        using var estimated = weights;
        weights.Precision = Precision.Of(options.Precision);
        var study = new DerivativeStudy(options, network, exact, weights);
        var (teacherNetwork, teacherWeights) = context.HasInput(StageInput.Teacher) ? GeneratorTraining.Load(context, StageInput.Teacher) : default;
        using var frozen = teacherWeights;
        VelocityField? teacher = teacherWeights is null ? null : (z, t, y) => teacherNetwork.Velocity(teacherWeights, z, t, y);

        var losses = new DerivativeErrors();
        var usual = Measure(context, study, options.Samples, (sampler, step) => sampler.Draw(step), teacher, losses);
        var early = Measure(context, study, options.EarlySamples, (sampler, step) => sampler.DrawEarly(step), teacher, losses: null);
        ReportCurves(context, study, usual, early);
        ReportMeasurements(context, study, usual, early[study.Own], losses);
    }

    /// <summary>The errors at each step of the study, over a number of samples.</summary>
    private List<DerivativeErrors> Measure(
        StageContext context, DerivativeStudy study, int samples, Func<DerivativeSampler, long, DerivativePoints?> draw,
        VelocityField? teacher, DerivativeErrors? losses)
    {
        var errors = study.Deltas.Select(_ => new DerivativeErrors()).ToList();
        using var source = GeneratorTraining.Source(context, Math.Min(samples, MostAtOnce));
        var sampler = new DerivativeSampler(options, source, teacher);
        var batches = (samples + source.BatchSize - 1) / source.BatchSize;
        for (var step = 0; step < batches; step++)
        {
            using (var batch = NewDisposeScope())
            {
                if (draw(sampler, step) is { } points && study.Add(points.First(samples - (step * source.BatchSize)), errors) is { } loss)
                    losses?.Add(loss);
            }
            context.Progress(step + 1, batches, "batch");
            GC.Collect(0);
        }
        return errors;
    }

    private static void ReportCurves(
        StageContext context, DerivativeStudy study, List<DerivativeErrors> usual, List<DerivativeErrors> early)
    {
        for (var i = 0; i < study.Deltas.Count; i++)
        {
            if (study.Deltas[i] is not { } delta)
                continue;
            context.Journal.Write(new MetricsEvent(DerivativeErrorNames.Step(delta), new Dictionary<string, double?>
            {
                [DerivativeErrorNames.Error] = usual[i].Measured,
                [DerivativeErrorNames.Median] = usual[i].Median,
                [DerivativeErrorNames.Tail] = usual[i].Tail,
                [DerivativeErrorNames.Early] = early[i].Measured,
                [DerivativeErrorNames.Predicted] = usual[i].Predicted,
                [DerivativeErrorNames.Rounding] = usual[i].Rounding,
                [DerivativeErrorNames.Truncation] = usual[i].Truncation,
            }));
        }
    }

    private static void ReportMeasurements(
        StageContext context, DerivativeStudy study, List<DerivativeErrors> usual, DerivativeErrors early, DerivativeErrors losses)
    {
        void Measured(string name, double? value, long samples)
        {
            if (samples > 0)
                context.Measured(Measurement.OfDataset(name, value, samples));
        }

        var own = usual[study.Own];
        Measured(DerivativeErrorNames.Error, own.Measured, own.Count);
        Measured(DerivativeErrorNames.Median, own.Median, own.Count);
        Measured(DerivativeErrorNames.Tail, own.Tail, own.Count);
        Measured(DerivativeErrorNames.Early, early.Measured, early.Count);
        if (losses.Count == 0)
            return;
        var ratios = usual.Select(errors => errors.Measured / errors.Predicted).ToList();
        Measured(DerivativeErrorNames.Predicted, own.Predicted, own.Count);
        Measured(DerivativeErrorNames.LowestRatio, ratios.Min(), own.Count);
        Measured(DerivativeErrorNames.HighestRatio, ratios.Max(), own.Count);
        Measured(DerivativeErrorNames.Eta, losses.Measured, losses.Count);
    }
}
