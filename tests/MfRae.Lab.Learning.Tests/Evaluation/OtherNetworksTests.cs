using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Stages;
using MfRae.Lab.Learning.Tests.Stages;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Networks of others: DINOv2 with and without registers, and TorchScript.</summary>
[Scoped]
public sealed class OtherNetworksTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _images = EvaluationLab.Images(1, 3, 3, 20);

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Dinov2_gives_the_class_token_after_the_checkpoints_norm(int registers)
    {
        var network = Dinov2(registers, out var weights);

        using var features = FeatureNetworks.Open(EvaluationLab.Choice("dinov2", "dinov2.safetensors"), _lab.At(""), CPU);
        var said = features.Extract(_images);

        var pixels = network.Pixels.Apply(PillowResize.Apply(_images, 224) / 255);
        var x = network.Embed(weights, pixels);
        x.shape[1].Should().Be(1 + registers + (16 * 16));
        for (var i = 0; i < 2; i++)
            x = network.Layer(weights, i, x);
        var expected = F.layer_norm(x.select(1, 0), [64], weights["layernorm.weight"], weights["layernorm.bias"], 1e-6);
        (said.Features - expected).abs().max().item<float>().Should().BeLessThan(1e-5f);
        said.Logits.Should().BeNull();
        features.Identity.Should().Be(FileHash.Of(_lab.At("dinov2.safetensors")));
        features.Preprocessing(new(3, 20, 20)).Should().Contain("bicubic with antialias to 224x224 uint8").And.Contain("class token");
    }

    /// <summary>torch.nn.functional.interpolate of the grid with a scale of (16 + 0.1) / 4, as in the release.</summary>
    [Fact]
    public void Without_registers_positions_are_resized_with_the_releases_offset()
    {
        var network = Dinov2(0, out var weights);
        var trained = weights["embeddings.position_embeddings"];

        var positions = network.Positions(weights);

        var map = trained.narrow(1, 1, 16).view(1, 4, 4, 64).permute(0, 3, 1, 2);
        var expected = F.interpolate(map, scale_factor: [16.1 / 4, 16.1 / 4], mode: InterpolationMode.Bicubic, align_corners: false);
        expected.shape.Should().Equal(1, 64, 16, 16);
        (positions.narrow(1, 1, 256) - expected.flatten(2).transpose(1, 2)).abs().max().item<float>().Should().BeLessThan(1e-5f);
    }

    [Fact]
    public void A_file_of_another_network_is_no_dinov2() =>
        FluentActions.Invoking(() => FeatureNetworks.Open(EvaluationLab.Choice("dinov2", "data/weights/inception.safetensors"), _lab.At(""), CPU))
            .Should().Throw<LabException>().WithMessage("*inception.safetensors holds no DINOv2*");

    [Fact]
    public void A_script_gives_features_and_perhaps_scores()
    {
        ScriptFile.Write(_lab.At("means.pt"), ScriptFile.Means);
        ScriptFile.Write(_lab.At("both.pt"), ScriptFile.MeansAndScores);

        var (means, both) = (Script("means.pt"), Script("both.pt"));

        var expected = ((_images.to(float32) / 255) - 0.5).mean([2, 3]) / 0.25;
        (means.Features - expected).abs().max().item<float>().Should().BeLessThan(1e-5f);
        means.Logits.Should().BeNull();
        (both.Features == means.Features).all().item<bool>().Should().BeTrue();
        both.Logits!.shape.Should().Equal(3, 3);
    }

    [Fact]
    public void A_script_that_gives_no_rows_is_refused()
    {
        ScriptFile.Write(_lab.At("map.pt"), ScriptFile.Map);

        FluentActions.Invoking(() => Script("map.pt")).Should().Throw<LabException>().WithMessage("*map.pt returns features of shape [3, 3, 20, 20]*");
    }

    [Fact]
    public void A_script_serves_an_evaluation()
    {
        ScriptFile.Write(_lab.At("both.pt"), ScriptFile.MeansAndScores);
        _lab.Folder("samples", EvaluationLab.Images(1, 30, 3));
        _lab.Array("reference.npz", EvaluationLab.Images(2, 30, 3));

        var space = _lab.Run(_lab.Request("samples", "reference.npz") with { Features = [EvaluationLab.Choice("both.pt")] }).Spaces.Single();

        space.Width.Should().Be(3);
        space.Metrics.Select(metric => metric.Name).Should().Contain(["fid", "is"]);
        space.Skipped.Should().Contain(skipped => skipped.Metric == "accuracy");
        space.Identity.Preprocessing.Should().Be("uint8, grey repeated to RGB, 12x12, [0, 1], mean 0 0 0, deviation 1 1 1");
    }

    [Fact]
    public void A_stage_leaves_them_as_files_that_describe_themselves()
    {
        Dinov2(2, out _);
        ScriptFile.Write(_lab.At("both.pt"), ScriptFile.MeansAndScores);

        Same(new Dinov2FeatureOptions(_lab.At("dinov2.safetensors")), EvaluationLab.Choice("dinov2", "dinov2.safetensors"));
        Same(new TorchScriptFeatureOptions(_lab.At("both.pt"), 16, [0.1, 0.2, 0.3], [0.5, 0.5, 0.5]),
            EvaluationLab.Choice("both.pt") with { Size = 16, Mean = [0.1, 0.2, 0.3], Deviation = [0.5, 0.5, 0.5] });
    }

    private void Same(FeatureOptions options, FeatureChoice choice)
    {
        var folder = _lab.At("stage " + choice.Name);
        var definition = new FeatureStage(options);
        StageFactory.Create(definition).Run(new TestStage(folder).Context(definition));
        using var stage = FeatureNetworks.Load(Path.Combine(folder, NetworkFiles.Features), CPU);
        using var direct = FeatureNetworks.Open(choice, _lab.At(""), CPU);

        stage.Identity.Should().Be(direct.Identity);
        stage.Preprocessing(new(3, 20, 20)).Should().Be(direct.Preprocessing(new(3, 20, 20)));
        (stage.Extract(_images).Features == direct.Extract(_images).Features).all().item<bool>().Should().BeTrue();
    }

    private FeatureBatch Script(string name)
    {
        using var network = FeatureNetworks.Open(
            EvaluationLab.Choice(name) with { Mean = [0.5, 0.5, 0.5], Deviation = [0.25, 0.25, 0.25] }, _lab.At(""), CPU);
        return network.Extract(_images);
    }

    private Dinov2Encoder Dinov2(int registers, out Weights weights)
    {
        var network = new Dinov2Encoder(new(64, 2, 1, 2, ImageSize: 56, PatchSize: 14, RegisterTokens: registers));
        var spec = network.Declare();
        spec.Norm(Dinov2Encoder.LastNorm, 64);
        weights = Weights.Initialise(spec, new RandomSource(6, CPU), CPU);
        using (no_grad())
            weights.Flat.copy_(new RandomSource(7, CPU).Normal("weights", 0, weights.Flat.numel()) * 0.3);
        weights.Save(_lab.At("dinov2.safetensors"), new Dictionary<string, string>());
        return network;
    }
}
