using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Stand-ins of the size of the released files: random weights under the published names. released/standins.py turns them into the published
/// formats.
/// </summary>
internal static class ReleasedFiles
{
    private const int Channels = 768;
    private const double Deviation = 0.02;

    /// <summary>Writes generator, decoder, encoder and Inception network.</summary>
    /// <param name="side">Tokens in a row of the latents: 16 for images of 256 pixels, 32 for 512.</param>
    public static void Write(string folder, int side)
    {
        Directory.CreateDirectory(folder);
        var shape = new LatentShape(Channels, side, side);
        Save(Path.Combine(folder, "generator.safetensors"), new DitNetwork(
            new DitOptions(TrunkWidth: 1152, TrunkDepth: 28, TrunkHeads: 16, HeadWidth: 2048, HeadDepth: 2, HeadHeads: 16), shape, 1000, interval: true).Declare());
        Save(Path.Combine(folder, "decoder.safetensors"), new MaeDecoder(new MaeDecoderOptions(ImageSize: 16 * side), shape).Declare());
        Save(Path.Combine(folder, "encoder.safetensors"), new Dinov2Encoder(new Dinov2Options(InputSize: 14 * side)).Declare());
        Save(Path.Combine(folder, "inception.safetensors"), FidInception.Declare());
    }

    private static void Save(string path, WeightSpec spec)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var weights = Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
        // A network whose last layer is zero would not move the noise.
        foreach (var entry in spec.Entries)
        {
            if (weights[entry.Name] is var tensor && tensor.is_floating_point() && tensor.abs().max().item<float>() == 0 && tensor.dim() > 1)
                tensor.normal_(0, Deviation);
        }

        weights.Save(path, new Dictionary<string, string>());
        Console.WriteLine($"{path}: {new FileInfo(path).Length / 1_000_000} MB");
    }
}
