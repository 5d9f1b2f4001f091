using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>The checks of KL autoencoders and of pixels as latent spaces.</summary>
public sealed class LatentSpaceRulesTests : IDisposable
{
    private const string Variational =
        """ "encoder": { "kind": "variational", "network": { "multipliers": [1, 2], "channels": 8, "groups": 4 }, "training": { "steps": 10 } } """;

    private const string Published =
        """ "encoder": { "kind": "autoencoderKl", "weights": "kl.safetensors", "network": { "multipliers": [1, 2], "channels": 8, "groups": 4 } } """;

    private readonly Workspace _work = new();

    public LatentSpaceRulesTests()
    {
        _work.WriteIdx("data/fashion-mnist", 28, 28, classes: 10);
        _work.WriteWeights("kl.safetensors", [], ("encoder.conv_in.weight", [8, 1, 3, 3]), ("post_quant_conv.weight", [4, 4, 1, 1]));
        _work.WriteWeights("colour.safetensors", [], ("encoder.conv_in.weight", [8, 3, 3, 3]), ("post_quant_conv.weight", [4, 4, 1, 1]));
    }

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData(Variational, "autoencoderKl", "unnormalised")]
    [InlineData(Published, "autoencoderKl", "unnormalised")]
    [InlineData(""" "encoder": { "kind": "pixels" } """, "pixels", "unnormalised")]
    [InlineData(Variational, "autoencoderKl", "perElement")]
    public void A_latent_space_with_its_decoder_is_valid(string encoder, string decoder, string latents)
    {
        var read = Read(encoder, decoder, latents);

        read.Diagnostics.Should().BeEmpty();
        var plan = Planner.Build(read.Experiment!, _ => new string('0', 64));
        plan.Stages.Single(stage => stage.Definition is EncoderStage).Inputs.Should().ContainKey("dataset", "the shape of the latents follows from the images");
    }

    [Theory]
    [InlineData(""" "encoder": { "kind": "pixels" } """, "autoencoderKl", "the other half of a KL autoencoder")]
    [InlineData(Variational, "pixels", "shows latents as pixels")]
    [InlineData(
        """ "encoder": { "kind": "variational", "network": { "multipliers": [1, 1, 1, 1], "channels": 8, "groups": 4 }, "training": { "steps": 10 } } """,
        "autoencoderKl", "28×28 is not a multiple of 8")]
    [InlineData(
        """ "encoder": { "kind": "variational", "network": { "multipliers": [1, 2], "channels": 10, "groups": 4 }, "training": { "steps": 10 } } """,
        "autoencoderKl", "is not a multiple of `groups` 4")]
    [InlineData(
        """ "encoder": { "kind": "variational", "network": { "multipliers": [], "channels": 8, "groups": 4 }, "training": { "steps": 10 } } """,
        "autoencoderKl", "`multipliers` is empty")]
    [InlineData(
        """ "encoder": { "kind": "autoencoderKl", "weights": "kl.safetensors", "network": { "multipliers": [1, 2], "channels": 16, "groups": 4 } } """,
        "autoencoderKl", "`channels` is 16, but in kl.safetensors it is 8")]
    [InlineData(
        """ "encoder": { "kind": "autoencoderKl", "weights": "colour.safetensors", "network": { "multipliers": [1, 2], "channels": 8, "groups": 4 } } """,
        "autoencoderKl", "encodes images of 3 channels")]
    public void A_latent_space_that_cannot_work_is_reported(string encoder, string decoder, string message) =>
        Read(encoder, decoder, "unnormalised").Diagnostics.Should().Contain(one => one.Message.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void A_missing_SD_VAE_is_reported_with_its_source() =>
        Read(
            """ "encoder": { "kind": "autoencoderKl", "weights": "data/sd-vae/diffusion_pytorch_model.safetensors", "network": { "multipliers": [1, 2, 4, 4] } } """,
            "autoencoderKl", "unnormalised").Diagnostics
            .Should().Contain(one => one.Absent == "data/sd-vae/diffusion_pytorch_model.safetensors" && one.Suggestion!.Contains("hf download stabilityai"));

    private ReadResult Read(string encoder, string decoder, string latents)
    {
        _work.Write("x.json", $$"""
            {
              "version": 1, "question": "?", "expectation": "!", "extends": "base.json",
              "base": {
                {{encoder}}, "decoder": { "kind": "{{decoder}}" }, "latents": { "kind": "{{latents}}" },
                "teacher": { "kind": "flowMatching", "network": { "kind": "dit", "patch": 1 }, "time": { "kind": "uniform" }, "training": { "steps": 10 } },
                "cmt": { "kind": "none" },
                "meanflow": { "network": { "kind": "dit", "patch": 1 }, "initialisation": "teacher" }
              }
            }
            """);
        return ExperimentReader.Read("x.json", [], _work.Root);
    }
}
