using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Both halves of a KL autoencoder, its posterior, and the names of published files.</summary>
internal sealed class AutoencoderKlCheck : IReferenceCheck
{
    private const double ImageSingle = 5e-5;
    private const double LatentSingle = 2e-5;
    private const double Twice = 1e-10;

    public string Kind => "autoencoder_kl";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            CheckHalves(manifest, type);
        }

        CheckPosterior(manifest);
        CheckNames(manifest);
    }

    private static void CheckHalves(ReferenceManifest manifest, ScalarType type)
    {
        var (encoder, decoder, spec) = Networks(manifest);
        // The state is in half precision: every weight is one of its numbers.
        using var weights = Weights.Load(spec, AutoencoderKlNames.Translate(manifest.Beside(StateOf(manifest))), CPU, type);
        var image = (manifest["image"].to(type) * 2) - 1;
        var noise = manifest["noise"].to(type);
        using (no_grad())
        {
            var posterior = encoder.Encode(weights, image, (name, value) => CompareInside(manifest, name, value));
            Compare(manifest, "moments", cat([posterior.Mean, posterior.LogVariance], 1), ImageSingle);
            Compare(manifest, "logvar", posterior.LogVariance, ImageSingle);
            Compare(manifest, "std", posterior.Deviation, ImageSingle);
            Compare(manifest, "sample", posterior.Sample(noise), ImageSingle);
            Compare(manifest, "kl", posterior.Divergence(), 1e-3);
            Compare(manifest, "latent", posterior.Sample(noise) * encoder.Scale, LatentSingle);
            (encoder.Encode(weights, image) - (posterior.Mean * encoder.Scale)).abs().max().to(float64).item<double>().Should().Be(0);

            var latent = ((posterior.Mean * 0.5) + (noise * 0.5)) * encoder.Scale;
            Compare(manifest, "dec.input_latent", latent, LatentSingle);
            Compare(manifest, "dec.out", decoder.Decode(weights, latent, (name, value) => CompareInside(manifest, name, value)), ImageSingle);
        }

        var point = manifest["dec.input_latent.f64"].to(type).requires_grad_(true);
        decoder.Decode(weights, point).square().mean().backward();
        Compare(manifest, "grad_latent", point.grad!, 0);
        image = image.detach().requires_grad_(true);
        encoder.Encode(weights, image, observe: null).Mean.square().mean().backward();
        Compare(manifest, "grad_image", image.grad!, 0);
    }

    private static void CheckPosterior(ReferenceManifest manifest)
    {
        var posterior = Posterior.Of(manifest["clamp.moments"].to(float64));
        Compare(manifest, "clamp.logvar", posterior.LogVariance, 0);
        Compare(manifest, "clamp.std", posterior.Deviation, 0);
        Compare(manifest, "clamp.sample", posterior.Sample(manifest["clamp.noise"].to(float64)), 0);
        Compare(manifest, "clamp.kl", posterior.Divergence(), 0);
    }

    // Names of latent diffusion → names of diffusers; the SD-VAE has all of its tensors and no other.
    private static void CheckNames(ReferenceManifest manifest)
    {
        var published = manifest.Json.GetProperty("sd_vae_f8");
        var full = new AutoencoderKlOptions([1, 2, 4, 4]);
        var spec = new WeightSpec();
        new AutoencoderKlEncoder(full, new ImageShape(3, 256, 256), 0.18215).Declare(spec);
        new AutoencoderKlDecoder(full, new ImageShape(3, 256, 256), 0.18215).Declare(spec);
        var names = published.GetProperty("names");
        spec.Entries.Select(entry => entry.Name).Should().BeEquivalentTo(names.EnumerateObject().Select(name => name.Name));
        spec.Entries.Count.Should().Be(published.GetProperty("tensors").GetInt32());
        NetworkCost.Of(spec).Parameters.Should().Be(published.GetProperty("parameters").GetInt64());
        foreach (var entry in spec.Entries)
            entry.Shape.Should().Equal(Shape(names.GetProperty(entry.Name)[1]), entry.Name);
        CheckTranslation(names, full.Multipliers.Count);

        // A file with the names of diffusers is the same network.
        using var scope = NewDisposeScope();
        var (_, _, small) = Networks(manifest);
        var state = AutoencoderKlNames.Translate(manifest.Beside(StateOf(manifest)));
        using var own = Weights.Load(small, state, CPU);
        var table = manifest.Json.GetProperty("names");
        foreach (var column in new[] { 0, 2 })
        {
            var renamed = state.Tensors.Keys.ToDictionary(
                name => table.GetProperty(name) is var row && column < row.GetArrayLength() ? row[column].GetString()! : table.GetProperty(name)[0].GetString()!,
                name => name.Contains(".attn_1.", StringComparison.Ordinal) && state[name].dim() == 4 ? state[name].squeeze() : state[name]);
            using var loaded = Weights.Load(small, AutoencoderKlNames.Translate(new("published", renamed, new Dictionary<string, string>())), CPU);
            (loaded.Flat == own.Flat).all().item<bool>().Should().BeTrue();
        }
    }

    private static void CheckTranslation(JsonElement names, int levels)
    {
        foreach (var name in names.EnumerateObject())
        {
            AutoencoderKlNames.Translate(name.Name, levels).Should().Be(name.Name);
            AutoencoderKlNames.Translate(name.Value[0].GetString()!, levels).Should().Be(name.Name);
            if (name.Value.GetArrayLength() > 2)
                AutoencoderKlNames.Translate(name.Value[2].GetString()!, levels).Should().Be(name.Name);
        }
    }

    private static (AutoencoderKlEncoder Encoder, AutoencoderKlDecoder Decoder, WeightSpec Both) Networks(ReferenceManifest manifest)
    {
        var hyper = manifest.Json.GetProperty("hyper");
        int Number(string name) => hyper.GetProperty(name).GetInt32();
        hyper.GetProperty("attn_resolutions").GetArrayLength().Should().Be(0, "attention is at the smallest level only");
        Number("embed_dim").Should().Be(Number("z_channels"));
        int[] multipliers = [.. hyper.GetProperty("ch_mult").EnumerateArray().Select(multiplier => multiplier.GetInt32())];
        var options = new AutoencoderKlOptions(multipliers, Number("ch"), Number("num_res_blocks"), Number("z_channels"));
        var (image, scale) = (
            new ImageShape(Number("in_channels"), Number("resolution"), Number("resolution")), manifest.Json.GetProperty("scale_factor").GetDouble());
        var (encoder, decoder, both) = (new AutoencoderKlEncoder(options, image, scale), new AutoencoderKlDecoder(options, image, scale), new WeightSpec());
        encoder.Declare(both);
        decoder.Declare(both);
        return (encoder, decoder, both);
    }

    // "FILE (a remark)"
    private static string StateOf(ReferenceManifest manifest) => manifest.Json.GetProperty("state").GetString()!.Split(' ')[0];

    private static long[] Shape(JsonElement sizes) => [.. sizes.EnumerateArray().Select(size => size.GetInt64())];

    // The first block is kept for the first sample and some channels.
    private static void CompareInside(ReferenceManifest manifest, string name, Tensor value)
    {
        if (name == "enc.down0.block0" && manifest.Has("enc.block0.f64as32"))
        {
            var kept = manifest["enc.block0.f64as32"].shape;
            Compare(manifest, "enc.block0", value.narrow(0, 0, kept[0]).narrow(1, 0, kept[1]), 0);
        }
        else
        {
            Compare(manifest, name, value, 0);
        }
    }

    /// <param name="single">The absolute tolerance of float32; 0: the manifest has no such values.</param>
    private static void Compare(ReferenceManifest manifest, string name, Tensor value, double single)
    {
        if (value.dtype == ScalarType.Float32 && manifest.Has(name + ".f32"))
            manifest.Compare(name + ".f32", value, absolute: single);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64"))
            manifest.Compare(name + ".f64", value, relative: Twice);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64as32"))
            manifest.Compare(name + ".f64as32", value, relative: 1e-6);
    }
}
