using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The stages of the arms of ablation-latent that are not in RAE space: a KL autoencoder and pixels, each with a plain DiT.</summary>
[Scoped]
public sealed class LatentSpaceStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    private static readonly TrainingOptions Training = new(Steps: 3, BatchSize: 8, LearningRate: 1e-3, Ema: 0);
    private static readonly AutoencoderKlOptions Autoencoder = new([1, 2, 2], 8, 1, 4, 4);

    [Theory]
    [InlineData("vae", 1)]
    [InlineData("pixels", 4)]
    public void An_arm_of_the_space_runs_from_the_encoder_to_its_measurements(string space, int patch)
    {
        EncoderOptions encoder = space == "vae" ? new VariationalEncoderOptions(Autoencoder, Training) : new PixelEncoderOptions();
        DecoderOptions decoder = space == "vae" ? new AutoencoderKlDecoderOptions() : new PixelDecoderOptions();
        LatentOptions latents = space == "vae" ? new PerElementLatentOptions() : new UnnormalisedLatentOptions();
        var network = new PlainDitOptions(patch, 16, 1, 2, 2);
        string Name(string stage) => $"{space} {stage}";
        void Run(string stage, StageDefinition definition, params string[] inputs) => lab.Run(
            Name(stage), definition, [.. inputs.Select(input => (input, input is "dataset" or "features" or "reference.test" ? input : Name(input)))]);

        Run("encoder", new EncoderStage(encoder), "dataset");
        Run("decoder", new DecoderStage(decoder), "encoder");
        Run("probe", new ProbeStage(), "dataset", "encoder");
        Run("reconstruction", new ReconstructionStage([new FidOptions()], 0), "dataset", "encoder", "decoder", "features", "reference.test");
        Run("latents", new LatentStage(latents), "dataset", "encoder");
        Run("teacher", new TeacherStage(new FlowMatchingOptions(network, new UniformTimeOptions(), Training)), "latents");
        Run("cmt", new CmtStage(new TrajectoryCmtOptions(Training, TrajectoryPoints: 4, PairsPerTrajectory: 2)), "latents", "teacher");
        foreach (var lambda in new[] { 0, 1 })
        {
            var meanFlow = new LambdaMeanFlowOptions(
                lambda, network, new UniformTimeOptions(), new CentralDifferenceOptions(), new AdaptiveLossWeightOptions(), Training);
            Run($"meanflow{lambda}", new MeanFlowStage(meanFlow), "latents", "teacher", "cmt");
            lab.Run(Name($"samples{lambda}"), TinyLab.Sampling,
                [("generator", Name($"meanflow{lambda}")), ("decoder", Name("decoder")), ("latents", Name("latents"))]);
            lab.Run(Name($"evaluation{lambda}"), new EvaluationStage([new FidOptions()], ["test"], 0),
                [("samples", Name($"samples{lambda}")), ("features", "features"), ("reference.test", "reference.test")]);
            lab.Stage(Name($"evaluation{lambda}")).Measurements.Should().NotBeEmpty().And.OnlyContain(value => value.Value != null);
        }

        foreach (var stage in new[] { "teacher", "cmt", "meanflow0", "meanflow1" }.Concat(space == "vae" ? ["encoder"] : []))
        {
            lab.Stage(Name(stage)).Events.OfType<MetricsEvent>().Should().NotBeEmpty()
                .And.OnlyContain(entry => entry.Values.Values.All(value => value != null), stage);
        }

        lab.LeftTensors.Where(left => left.Key.StartsWith(space, StringComparison.Ordinal) && left.Value != 0 && !TinyLab.KeepsReferences(left.Key))
            .Should().BeEmpty();
    }

    [Fact]
    public void Pixels_are_their_own_latents_and_are_decoded_without_loss()
    {
        lab.Run("own encoder", new EncoderStage(new PixelEncoderOptions()), "dataset");
        lab.Run("own decoder", new DecoderStage(new PixelDecoderOptions()), [("encoder", "own encoder")]);
        lab.Run("own latents", new LatentStage(new UnnormalisedLatentOptions()), [("dataset", "dataset"), ("encoder", "own encoder")]);
        using var scope = NewDisposeScope();

        var (encoder, none) = NetworkFiles.LoadEncoder(lab.At("own encoder/encoder.safetensors"), CPU);
        var (decoder, _) = NetworkFiles.LoadDecoder(lab.At("own decoder/decoder.safetensors"), CPU);
        var bytes = new RandomSource(0, CPU).Integers("images", 0, 256, 5, 1, 28, 28).to(uint8);
        var latents = encoder.EncodeBytes(none, bytes);

        (latents - ((bytes.to(float32) / 255 * 2) - 1)).abs().max().item<float>().Should().BeLessThan(1e-6f);
        (LabeledImages.ToBytes(decoder.Decode(none, latents)) == bytes).all().item<bool>().Should().BeTrue();
        encoder.Shape.Should().Be(new LatentShape(1, 28, 28));
        var statistics = LatentStatistics.Load(lab.At("own latents/statistics.safetensors"));
        (statistics.Normalise(latents) == latents).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_published_autoencoder_becomes_both_halves_of_an_arm()
    {
        using var scope = NewDisposeScope();
        var both = new WeightSpec();
        new AutoencoderKlEncoder(Autoencoder, ImageShape.Mnist, 0.5).Declare(both);
        new AutoencoderKlDecoder(Autoencoder, ImageShape.Mnist, 0.5).Declare(both);
        using var weights = Weights.Initialise(both, new RandomSource(1, CPU), CPU);
        Safetensors.Write(
            lab.At("published.safetensors"),
            [.. both.Entries.Select(entry => (entry.Name, weights[entry.Name])), ("loss.logvar", zeros(1))]);

        lab.Run("published encoder", new EncoderStage(new AutoencoderKlEncoderOptions(lab.At("published.safetensors"), Autoencoder, 0.5)), "dataset");
        lab.Run("published decoder", new DecoderStage(new AutoencoderKlDecoderOptions()), [("encoder", "published encoder")]);

        var (encoder, encoderWeights) = NetworkFiles.LoadEncoder(lab.At("published encoder/encoder.safetensors"), CPU);
        var (decoder, decoderWeights) = NetworkFiles.LoadDecoder(lab.At("published decoder/decoder.safetensors"), CPU);
        using var quiet = no_grad();
        var pixels = new RandomSource(2, CPU).Uniform("pixels", 0, 2, 1, 28, 28);
        var latents = encoder.Encode(encoderWeights, pixels);
        (latents - encoder.Encode(weights, pixels)).abs().max().item<float>().Should().Be(0);
        (decoder.Decode(decoderWeights, latents) - new AutoencoderKlDecoder(Autoencoder, ImageShape.Mnist, 0.5).Decode(weights, latents))
            .abs().max().item<float>().Should().Be(0);
        (encoder.Shape, decoder.Image).Should().Be((new LatentShape(4, 7, 7), ImageShape.Mnist));
    }
}
