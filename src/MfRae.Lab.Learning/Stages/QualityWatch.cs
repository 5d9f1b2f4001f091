using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Measures the one-step FID of a MeanFlow network during its training, with decoder, feature network and reference of the evaluation.</summary>
internal sealed class QualityWatch : IDisposable
{
    private const int BatchSize = 250;

    // The sets of evaluated samples begin with 1, so no evaluated sample has this noise.
    private const int NoiseSet = 0;

    private readonly WatchOptions _options;
    private readonly GeneratorNetwork _network;
    private readonly FeatureExtractor _extractor;
    private readonly IReadOnlyList<ReferenceSet> _references;
    private readonly SampleNoise _noise;
    private readonly SampleDrawing _drawing;

    public QualityWatch(StageContext context, WatchOptions options, GeneratorNetwork network)
    {
        // The progress of an evaluation is not that of the training, and a stop waits for the next checkpoint of the training.
        var quiet = context with { Journal = new NoJournal(), Stop = CancellationToken.None };
        const string Prefix = "reference.";
        var split = context.Spec.InputFolders.Keys.Single(name => name.StartsWith(Prefix, StringComparison.Ordinal))[Prefix.Length..];
        (_options, _network) = (options, network);
        _extractor = FeatureExtractor.Load(quiet, StageInput.Features);
        _references = ReferenceRunner.Load(quiet, [split]);
        _noise = SampleNoise.Of(quiet, null, NoiseSet, BatchSize, SamplingOptions.BalancedLabels, null);
        _drawing = new SampleDrawing(quiet, _noise, null);
        Watch = new(options, context, Measure);
    }

    /// <summary>The watch for the trainer.</summary>
    public Watch Watch { get; }

    private double Measure(Weights weights)
    {
        var generator = FewStepGenerator.MeanFlow((z, r, t, y) => _network.AverageVelocity(weights, z, r, t, y), TimeShift.For(_network.Shape));
        var labels = _noise.Labels(_options.Samples, _network.Classes);
        var images = new List<Tensor>();
        for (long start = 0; start < _options.Samples; start += BatchSize)
        {
            var indices = arange(start, Math.Min(start + BatchSize, _options.Samples), dtype: int64);
            images.Add(_drawing.Draw(generator, _network.Shape, labels, indices, 1).Images);
        }

        var (features, _) = _extractor.Extract(new LabeledImages(cat(images), labels));
        var set = new SampleSet(features, null, null, null, null, null, _references);
        return Metric.Compute(new FidOptions(), set, draws: 0).Single().Value;
    }

    public void Dispose()
    {
        _drawing.Dispose();
        _extractor.Dispose();
    }
}
