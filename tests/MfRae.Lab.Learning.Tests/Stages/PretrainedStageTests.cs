using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Stages that load a file instead of training.</summary>
[Scoped]
public sealed class PretrainedStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void A_pretrained_file_is_taken_over_byte_by_byte()
    {
        lab.Run("loaded features", new FeatureStage(new PretrainedFeatureOptions(lab.At("features/features.safetensors"))));
        lab.Run("loaded encoder", new EncoderStage(new PretrainedEncoderOptions(lab.At("encoder/encoder.safetensors"))));
        lab.Run("loaded decoder", new DecoderStage(new PretrainedDecoderOptions(lab.At("decoder/decoder.safetensors"))));
        lab.Run("loaded teacher", new TeacherStage(new PretrainedTeacherOptions(lab.At("teacher/network.safetensors"))));

        lab.Run("loaded cmt", new CmtStage(new PretrainedCmtOptions(lab.At("cmt/network.safetensors"))));
        lab.Run("loaded meanflow", new MeanFlowStage(new PretrainedMeanFlowOptions(lab.At("cmt/network.safetensors"), TinyLab.Dit)));

        foreach (var file in new[] { "features/features", "encoder/encoder", "decoder/decoder", "teacher/network", "cmt/network" })
            Bytes($"loaded {file}.safetensors").Should().Equal(Bytes($"{file}.safetensors"));
        Bytes("loaded meanflow/network.safetensors").Should().Equal(Bytes("cmt/network.safetensors"));
    }

    [Fact]
    public void A_loaded_file_has_the_cost_on_its_card()
    {
        var file = lab.At("carded.safetensors");
        File.Copy(lab.At("teacher/network.safetensors"), file, overwrite: true);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
        const string cost = "\"cost\": { \"steps\": 3, \"samples\": 24, \"cpuSeconds\": null }";

        Costs($$"""{ "sha256": "{{hash}}", {{cost}} }""").Should().Equal(("pretraining.steps", 3), ("pretraining.samples", 24));
        Costs($$"""{ "sha256": "0", {{cost}} }""").Should().BeEmpty("the card is that of another file");
        Costs("not a card").Should().BeEmpty();

        IEnumerable<(string, double?)> Costs(string card)
        {
            File.WriteAllText(lab.At("carded.json"), card);
            lab.Run("carded teacher", new TeacherStage(new PretrainedTeacherOptions(file)));
            return lab.Stage("carded teacher").Events.OfType<MeasuredEvent>().Select(one => (one.Measurement.Metric, one.Measurement.Value));
        }
    }

    [Fact]
    public void Pretrained_statistics_normalise_as_those_of_the_training_set_did()
    {
        lab.Run(
            "loaded latents", new LatentStage(new PretrainedLatentOptions(lab.At("latents/statistics.safetensors"))), "dataset", "encoder");

        Bytes("loaded latents/latents.safetensors").Should().Equal(Bytes("latents/latents.safetensors"));
    }

    [Fact]
    public void A_network_of_another_type_is_refused()
    {
        var (encoder, teacher, cmt) = (
            lab.At("encoder/encoder.safetensors"), lab.At("teacher/network.safetensors"), lab.At("cmt/network.safetensors"));

        Refuses(new FeatureStage(new PretrainedFeatureOptions(encoder)), "*encoder.safetensors*'vit-encoder'*inception*");
        Refuses(new EncoderStage(new PretrainedEncoderOptions(teacher)), "*network.safetensors*'dit-velocity'*vit-encoder*");
        Refuses(new DecoderStage(new PretrainedDecoderOptions(encoder)), "*'vit-encoder'*rae-decoder*");
        Refuses(new TeacherStage(new PretrainedTeacherOptions(encoder)), "*'vit-encoder'*dit-velocity*");
        Refuses(new TeacherStage(new PretrainedTeacherOptions(cmt)), "*mean-flow network*teacher*place is `meanflow` or `cmt`*");
        Refuses(new MeanFlowStage(new PretrainedMeanFlowOptions(teacher)), "*velocity network*mean-flow network is needed*place is `teacher`*");
        Refuses(new LatentStage(new PretrainedLatentOptions(encoder)), "*encoder.safetensors*no tensor 'mean'*", "dataset", "encoder");
    }

    [Fact]
    public void A_file_holds_the_network_that_the_options_name()
    {
        var (vit, decoder, dit) = (new VitOptions(24, 1, 2), new DecoderNetworkOptions(16, 1, 2, Channels: 2), TinyLab.Dit);
        lab.Run("named encoder", new EncoderStage(new PretrainedEncoderOptions(lab.At("encoder/encoder.safetensors"), vit)));
        lab.Run("named decoder", new DecoderStage(new PretrainedDecoderOptions(lab.At("decoder/decoder.safetensors"), decoder)), "encoder");
        lab.Run("named teacher", new TeacherStage(new PretrainedTeacherOptions(lab.At("teacher/network.safetensors"), dit)));

        Refuses(new EncoderStage(new PretrainedEncoderOptions(lab.At("encoder/encoder.safetensors"), vit with { Depth = 2 })),
            "*encoder.safetensors holds the network*\"depth\":1*options name*\"depth\":2*");
        Refuses(new DecoderStage(new PretrainedDecoderOptions(lab.At("decoder/decoder.safetensors"), new MaeDecoderOptions())),
            "*decoder.safetensors holds the network*options name*\"kind\":\"mae\"*");
        Refuses(new TeacherStage(new PretrainedTeacherOptions(lab.At("teacher/network.safetensors"), dit with { HeadDepth = 3 })),
            "*network.safetensors holds the network*\"headDepth\":3*");
    }

    [Fact]
    public void A_released_generator_is_converted_to_a_file_that_describes_itself()
    {
        // As the released training saves it: several networks in one checkpoint, which do not describe themselves.
        var trained = TensorFile.Open(lab.At("cmt/network.safetensors"));
        var released = lab.At("released.safetensors");
        Safetensors.Write(released, [.. trained.Tensors.Select(entry => ("ema." + entry.Key, entry.Value.Read()))]);
        lab.Run("converted", new MeanFlowStage(new PretrainedMeanFlowOptions(released + "::ema", TinyLab.Dit)), "latents");

        var converted = TensorFile.Open(lab.At("converted/network.safetensors"));
        converted.Tensors.Keys.Should().BeEquivalentTo(trained.Tensors.Keys);
        converted.Tensors.Keys.Should().OnlyContain(name => converted[name].equal(trained[name]).all().item<bool>());
        Refuses(new TeacherStage(new PretrainedTeacherOptions(released + "::ema", TinyLab.Dit)),
            "*mean-flow network, with r_embedder*teacher*place is `meanflow`*", "latents");
    }

    [Fact]
    public void A_decoder_for_other_latents_is_refused()
    {
        lab.Run("wider encoder", new EncoderStage(new SelfSupervisedEncoderOptions(
            new VitOptions(48, 1, 2), new AugmentationOptions(), new(1, 8, 1e-3))), "dataset");

        FluentActions.Invoking(() => lab.Run("refused", new DecoderStage(new PretrainedDecoderOptions(lab.At("decoder/decoder.safetensors"))),
                [("encoder", "wider encoder")]))
            .Should().Throw<LabException>().WithMessage("*decodes latents of ?24, 4, 4?*encoder makes latents of ?48, 4, 4?*");
    }

    [Fact]
    public void An_encoder_of_colours_is_refused_for_grey_images()
    {
        var network = new Dinov2Encoder(new Dinov2Options(24, 1, 2, 2, ImageSize: 8, PatchSize: 4, RegisterTokens: 1, InputSize: 8));
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        weights.Save(lab.At("dinov2.safetensors"), new Dictionary<string, string>());
        lab.Run("colour encoder", new EncoderStage(new Dinov2EncoderOptions(lab.At("dinov2.safetensors"), network.Options)));

        FluentActions.Invoking(() => lab.Run("refused", new LatentStage(new PerElementLatentOptions()),
                [("dataset", "dataset"), ("encoder", "colour encoder")]))
            .Should().Throw<LabException>().WithMessage("*does not accept the dataset's images of 1x28x28: it needs colour images*");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Refuses(new EncoderStage(new PretrainedEncoderOptions(lab.At("none.safetensors"))), "*none.safetensors does not exist*");

    [Fact]
    public void Statistics_of_another_shape_are_refused()
    {
        Safetensors.Write(lab.At("other.safetensors"), [("mean", zeros(8, 4, 4)), ("variance", ones(8, 4, 4))],
            new Dictionary<string, string> { ["type"] = "latent-statistics", ["epsilon"] = "1E-05" });

        Refuses(new LatentStage(new PretrainedLatentOptions(lab.At("other.safetensors"))), "*[8, 4, 4]*[24, 4, 4]*", "dataset", "encoder");
    }

    [Fact]
    public void A_network_for_other_latents_is_refused_where_training_starts_from_it()
    {
        Directory.CreateDirectory(lab.At("fewer"));
        Safetensors.Write(
            lab.At("fewer/latents.safetensors"), [("latents", zeros(8, 24, 4, 4)), ("labels", arange(8, dtype: int64).remainder(2))]);
        var cmt = new CmtStage(new TrajectoryCmtOptions(new(1, 8), 4, 2));

        FluentActions.Invoking(() => lab.Run("mismatch", cmt, [("latents", "fewer"), ("teacher", "teacher")]))
            .Should().Throw<LabException>().WithMessage("*teacher*in 4 classes*in 2 classes");
    }

    private byte[] Bytes(string path) => File.ReadAllBytes(lab.At(path));

    private void Refuses(StageDefinition definition, string message, params string[] inputs) =>
        FluentActions.Invoking(() => lab.Run("refused", definition, inputs)).Should().Throw<LabException>().WithMessage(message);
}
