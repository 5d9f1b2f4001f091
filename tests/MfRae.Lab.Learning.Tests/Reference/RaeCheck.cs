using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Resizing, DINOv2 with registers, normalisation and noising of latents, and the RAE decoder.</summary>
internal sealed partial class RaeCheck : IReferenceCheck
{
    public string Kind => "rae";

    public void Run(ReferenceManifest manifest)
    {
        Matrices(manifest);
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            var pixels = PixelsOf(manifest);
            var run = new Side(manifest, type);
            Encoder(run, pixels);
            Decoder(run, pixels);
        }
    }

    private static void Matrices(ReferenceManifest manifest)
    {
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("bicubic_", StringComparison.Ordinal)))
        {
            var (to, from) = (manifest[name].shape[0], manifest[name].shape[1]);
            var matrix = name.StartsWith("bicubic_aa", StringComparison.Ordinal)
                ? Resampling.BicubicAntialiased(from, to)
                : Resampling.Bicubic(from, to);
            manifest.Compare(name, matrix, absolute: 1e-12);
        }
    }

    private static void Encoder(Side run, ChannelNormalisation pixels)
    {
        using var quiet = no_grad();
        var (manifest, type) = (run.Manifest, run.Type);
        var network = new Dinov2Encoder(EncoderOptions(manifest.Json.GetProperty("encoder_hyper")), pixels);
        using var weights = Weights.Load(network.Declare(), manifest.Beside(StateFile(manifest, "encoder_state")), CPU, type);
        var statistics = Statistics(manifest, type);

        var resized = network.Resize(manifest["image"].to(type));
        var normalised = pixels.Apply(resized);
        var embedded = network.Embed(weights, normalised);
        run.Compare("resized", resized, 1e-4);
        run.Compare("normalised", normalised, 1e-4);
        run.Compare("pos_interp", network.Positions(weights), 1e-5);
        run.Compare("emb_out", embedded, 1e-4);
        var x = embedded;
        for (var i = 0; i < network.Options.Layers; i++)
            run.Compare($"layer{i}_out", x = network.Layer(weights, i, x), 1e-4);
        var tokens = network.Tokens(weights, normalised);
        run.Compare("tokens", tokens, 1e-4);
        run.Compare("latent", statistics.Normalise(network.Encode(weights, manifest["image"].to(type))), 1e-4);
        if (manifest.Has("image_native"))
            run.Compare("latent_native", statistics.Normalise(network.Encode(weights, manifest["image_native"].to(type))), 2e-5);

        var noisy = ReconstructionObjective.Noised(
            tokens, manifest.Json.GetProperty("noise_tau").GetDouble(), manifest["noise.u"].to(type), manifest["noise.n"].to(type));
        var map = noisy.transpose(1, 2).reshape(tokens.shape[0], network.Shape.Channels, network.Shape.Rows, network.Shape.Columns);
        // The reference noised in float32 alone.
        manifest.Compare("latent_noised.f32", statistics.Normalise(map), absolute: 1e-4);
    }

    private static void Decoder(Side run, ChannelNormalisation pixels)
    {
        var (manifest, type) = (run.Manifest, run.Type);
        var hyper = manifest.Json.GetProperty("decoder_hyper");
        var latent = manifest["latent.f64"].to(type).clone().requires_grad_(true);
        var network = new MaeDecoder(DecoderOptions(hyper), new(latent.shape[1], latent.shape[2], latent.shape[3]), pixels);
        latent.shape[1].Should().Be(hyper.GetProperty("hidden_size(in)").GetInt64());
        using var weights = Weights.Load(network.Declare(), manifest.Beside(StateFile(manifest, "decoder_state")), CPU, type);

        var latents = Statistics(manifest, type).Denormalise(latent);
        var embedded = MaeDecoder.Embed(weights, latents.flatten(2).transpose(1, 2));
        run.Compare("dec_embed", embedded, 1e-4);
        run.Compare("logits", network.Patches(weights, embedded), 1e-4);
        var image = network.Decode(weights, latents);
        run.Compare("image_rec", image, 3e-5);
        image.square().mean().backward();
        run.Compare("grad_latent", latent.grad!, absolute: 0, relative: type == ScalarType.Float64 ? 1e-10 : 3e-5);

        // Tokens of another grid than the decoder's.
        if (!manifest.Has("interp_latent.in"))
            return;
        using var quiet = no_grad();
        var others = manifest["interp_latent.in"].to(type);
        var side = (long)Math.Sqrt(others.shape[1]);
        var resizing = new MaeDecoder(network.Options, new(others.shape[2], side, side), pixels);
        run.Compare("interp_latent.logits", resizing.Patches(weights, MaeDecoder.Embed(weights, others)), 1e-4);
    }

    internal static ChannelNormalisation PixelsOf(ReferenceManifest manifest) =>
        new(Numbers(manifest.Json.GetProperty("image_mean")), Numbers(manifest.Json.GetProperty("image_std")));

    internal static LatentStatistics Statistics(ReferenceManifest manifest, ScalarType type) =>
        new(manifest["stat.mean"].to(type), manifest["stat.var"].to(type), manifest.Json.GetProperty("eps").GetDouble());

    private static Dinov2Options EncoderOptions(JsonElement hyper)
    {
        int Whole(string name) => hyper.GetProperty(name).GetInt32();
        return new(Whole("hidden_size"), Whole("num_hidden_layers"), Whole("num_attention_heads"),
            hyper.GetProperty("mlp_ratio").GetDouble(), Whole("image_size"), Whole("patch_size"), Whole("num_register_tokens"),
            Whole("encoder_input_size"), hyper.GetProperty("layer_norm_eps").GetDouble());
    }

    internal static MaeDecoderOptions DecoderOptions(JsonElement hyper)
    {
        int Whole(string name) => hyper.GetProperty(name).GetInt32();
        return new(Whole("decoder_hidden_size"), Whole("decoder_num_hidden_layers"), Whole("decoder_num_attention_heads"),
            Whole("decoder_intermediate_size"), Whole("patch_size"), Whole("image_size"), Whole("num_channels"),
            hyper.GetProperty("layer_norm_eps").GetDouble());
    }

    // The reference holds them in float32, also where it computes in float64.
    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => (double)(float)item.GetDouble())];

    // The manifest names the file and remarks on it in one string.
    private static string StateFile(ReferenceManifest manifest, string key) =>
        FileName().Match(manifest.Json.GetProperty(key).GetString()!).Value;

    [GeneratedRegex(@"^\S+\.safetensors")]
    private static partial Regex FileName();

    /// <summary>One run in one precision.</summary>
    private sealed record Side(ReferenceManifest Manifest, ScalarType Type)
    {
        /// <summary>
        /// Compares with NAME.f32 and NAME.f64, as many as there are. A float64 run is compared at 1e-10, or 1e-6 with what was computed
        /// in float64 and stored in float32; <paramref name="single"/> is for float32 runs, on either side.
        /// </summary>
        public void Compare(string name, Tensor value, double single)
        {
            var pair = Manifest.Has(name + ".f64") && Manifest.Has(name + ".f32");
            foreach (var listed in new[] { name + ".f64", name + ".f32" }.Where(Manifest.Has))
            {
                var reference = Manifest[listed].dtype;
                var exact = Type == ScalarType.Float64 && !(pair && reference == ScalarType.Float32);
                Manifest.Compare(listed, value, exact ? reference == ScalarType.Float64 ? 1e-10 : 1e-6 : single);
            }
        }

        public void Compare(string name, Tensor value, double absolute, double relative)
        {
            foreach (var listed in new[] { name + ".f64", name + ".f32" }.Where(Manifest.Has))
                Manifest.Compare(listed, value, absolute, relative);
        }
    }
}
