using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>FID's own network as the feature network of an experiment, from a file with the names of the released one.</summary>
[Scoped]
public sealed class FidInceptionStageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _scope = NewDisposeScope();
    private readonly Tensor _images = (new RandomSource(0, CPU).Uniform("images", 0, 3, 1, 28, 28) * 255).to(ScalarType.Byte);

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Grey_samples_are_measured_as_colour_images_under_the_hash_of_the_released_file()
    {
        var spec = FidInception.Declare();
        using var weights = Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
        Safetensors.Write(_folder.File("released"), [
            .. spec.Entries.Select(entry => (entry.Name, weights[entry.Name])),
            .. spec.UnusedNames.Select(name => (name, zeros(1, dtype: ScalarType.Int64)))]);
        Features(_folder.File("released"), "tensorFlow");

        var measured = Evaluate();
        using var network = new FidInception(weights);
        var pool = network.Extract(FidInceptionInput.TensorFlow(_images.repeat(1, 3, 1, 1))).Pool;
        measured.Metric.Should().Be("is");
        measured.Value.Should().BeApproximately(InceptionScore.OfSplits(network.Logits(pool), 1).Mean, 1e-6);
        measured.Extractor.Should().Be(FileHash.Of(_folder.File("released")));
        measured.Preprocessing.Should().Be(
            "uint8, grey repeated to RGB, bilinear to 299x299 from corners without antialias, (x - 128) / 128");
    }

    [Fact]
    public void A_file_of_another_network_is_refused()
    {
        Safetensors.Write(_folder.File("other"), [("a.weight", zeros(1))]);
        FluentActions.Invoking(() => Features(_folder.File("other"), "pytorchFid"))
            .Should().Throw<LabException>().WithMessage("*other*a.weight*");
    }

    private void Features(string weights, string resizing)
    {
        var definition = new FeatureStage(new FidInceptionOptions(weights, resizing));
        StageFactory.Create(definition).Run(new TestStage(_folder.File("features")).Context(definition));
    }

    private Measurement Evaluate()
    {
        Directory.CreateDirectory(_folder.File("samples"));
        Safetensors.Write(
            _folder.File("samples/samples.1.safetensors"),
            [("images", _images), ("labels", zeros(3, dtype: ScalarType.Int64)), ("latents", zeros(0, 2, 1, 1))],
            new Dictionary<string, string> { [SamplingRunner.GuidanceEntry] = "1", [SamplingRunner.LabelsEntry] = "balanced" });
        var definition = new EvaluationStage([new InceptionScoreOptions()], [], 10);
        var stage = new TestStage(
            _folder.File("evaluation"), 0, ("samples", _folder.File("samples")), ("features", _folder.File("features")));
        StageFactory.Create(definition).Run(stage.Context(definition));
        return stage.Measurements.Single();
    }
}
