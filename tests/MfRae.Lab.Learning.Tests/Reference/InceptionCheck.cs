using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>FID's network for each set of images that the manifest lists as IMAGES.u8, by both ways of preparing them.</summary>
internal sealed partial class InceptionCheck : IReferenceCheck
{
    public string Kind => "inception";

    public void Run(ReferenceManifest manifest)
    {
        using var quiet = no_grad();
        var spec = FidInception.Declare();
        var sets = manifest.Listed.Where(name => name.EndsWith(".u8", StringComparison.Ordinal)).Select(name => name[..^3]).ToList();
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            using var weights = ProceduralWeights.Make(spec, manifest.Json.GetProperty("weights"), type);
            using var network = new FidInception(weights);
            foreach (var images in sets)
            {
                using var scope = NewDisposeScope();
                PytorchFid(manifest, images, network, type);
                TensorFlow(manifest, images, network, type);
            }
        }
    }

    private static void PytorchFid(ReferenceManifest manifest, string images, FidInception network, ScalarType type)
    {
        var exact = type == ScalarType.Float64;
        var input = FidInceptionInput.PytorchFid(manifest[images + ".u8"], type);
        manifest.Compare(images + ".resized_norm.crop.f32", Crop(manifest, input, images + ".resized_norm.crop.f32"), absolute: 2e-6);
        var stages = new Dictionary<string, Tensor>();
        var (pool, spatial) = network.Extract(input, (name, output) => stages[name] = output.mean([2, 3]));
        void Compare(string name, Tensor value)
        {
            foreach (var listed in new[] { $"{images}.{name}.f64", $"{images}.{name}.f32" }.Where(manifest.Has))
                manifest.Compare(listed, value, relative: exact && manifest[listed].dtype == ScalarType.Float64 ? 1e-10 : 2e-4);
        }
        Compare("pool2048", pool);
        Compare("spatial7", spatial);
        Compare("logits1008", network.Logits(pool, bias: true));
        Compare("logits_unbiased", network.Logits(pool));
        foreach (var (name, mean) in stages)
            Compare($"stage.{name}.chmean", mean);
    }

    private static void TensorFlow(ReferenceManifest manifest, string images, FidInception network, ScalarType type)
    {
        var input = FidInceptionInput.TensorFlow(manifest[images + ".u8"], type);
        var listed = images + ".tf.resized.crop.f32";
        manifest.Compare(listed, Crop(manifest, input, listed), absolute: 2e-6);
        // The reference ran it in float32 alone.
        if (type != ScalarType.Float32)
            return;
        var (pool, _) = network.Extract(input);
        manifest.Compare(images + ".tf.pool2048.f32", pool, relative: 2e-4);
        manifest.Compare(images + ".tf.logits_unbiased.f32", network.Logits(pool), relative: 2e-4);
    }

    // Every N-th pixel of the input; the manifest states N in words.
    private static Tensor Crop(ReferenceManifest manifest, Tensor input, string listed)
    {
        var step = long.Parse(Step().Match(manifest.Json.GetProperty("formulas").GetProperty("crop").GetString()!).Groups[1].Value);
        var crop = input.slice(2, 0, input.shape[2], step).slice(3, 0, input.shape[3], step);
        crop.shape.Should().Equal(manifest[listed].shape);
        return crop;
    }

    [GeneratedRegex(@"::(\d+)")]
    private static partial Regex Step();
}
