using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Measures every set of samples of a sampling stage; each value carries its identity.</summary>
internal sealed class EvaluationRunner(EvaluationStage stage) : IStage
{
    public void Run(StageContext context)
    {
        using var extractor = FeatureExtractor.Load(context);
        var references = ReferenceRunner.Load(context, stage.References);
        var teacher = context.HasInput(StageInput.TeacherSamples) ? LastLatents(context.Input(StageInput.TeacherSamples)) : null;
        foreach (var (steps, path) in SampleFiles(context.Input(StageInput.Samples)))
        {
            using var scope = NewDisposeScope();
            var samples = Safetensors.Read(path);
            var (features, logits) = extractor.Extract(samples["images"]);
            var set = new SampleSet(features, logits, null, samples["labels"], samples["latents"], teacher, references);
            foreach (var value in stage.Metrics.SelectMany(metric => Metric.Compute(metric, set)))
                context.Measured(Identified(value, steps, samples, extractor));
        }
    }

    private static Measurement Identified(MetricValue value, int steps, TensorFile samples, FeatureExtractor extractor)
    {
        var images = samples["images"].shape;
        return new(
            value.Name, value.Value, value.Low, value.High, value.Samples, steps,
            double.Parse(samples.Meta(SamplingRunner.GuidanceEntry), CultureInfo.InvariantCulture), samples.Meta(SamplingRunner.LabelsEntry),
            value.UsesExtractor ? extractor.Identity : "",
            value.UsesExtractor ? extractor.Preprocessing(new(images[1], images[2], images[3])) : "", value.Reference, value.HigherIsBetter);
    }

    // The teacher's largest number of evaluations is the end of its ODE.
    private static Tensor LastLatents(string folder) => Safetensors.Read(SampleFiles(folder)[^1].Path)["latents"];

    /// <summary>Files by ascending numbers of evaluations.</summary>
    private static List<(int Steps, string Path)> SampleFiles(string folder) =>
        [.. Directory.EnumerateFiles(folder, "samples.*.safetensors")
            .Select(path => (int.Parse(Path.GetFileName(path).Split('.')[1], CultureInfo.InvariantCulture), path))
            .OrderBy(file => file.Item1)];
}
