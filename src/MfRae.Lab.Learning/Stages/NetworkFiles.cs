using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Networks as safetensors files that describe themselves by <see cref="NetworkMetadata"/>, so a file needs nothing beside it.
/// </summary>
internal static class NetworkFiles
{
    public const string Encoder = "encoder.safetensors";
    public const string Decoder = "decoder.safetensors";
    public const string Features = "features.safetensors";
    public const string Generator = "network.safetensors";

    /// <summary>The generator as it was after so many steps of its training.</summary>
    public static string Snapshot(int step) => string.Create(CultureInfo.InvariantCulture, $"snapshot.{step}.safetensors");

    public static void Save(string path, IEncoder network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    public static void Save(string path, IDecoder network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    /// <param name="image">The images that the network was trained on.</param>
    public static void Save(string path, InceptionNetwork network, Weights weights, ImageShape image) =>
        weights.Save(path, NetworkMetadata.Of(network, image));

    public static void Save(string path, DitNetwork network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    public static (IEncoder Network, Weights Weights) LoadEncoder(string path, Device device) =>
        Load(path, device, NetworkMetadata.Encoder, network => network.Declare());

    /// <summary>The encoder among a stage's inputs.</summary>
    /// <exception cref="LabException">It cannot see such images.</exception>
    public static (IEncoder Network, Weights Weights) LoadEncoder(StageContext context, ImageShape image)
    {
        var path = Path.Combine(context.Input(StageInput.Encoder), Encoder);
        var described = NetworkMetadata.Encoder(TensorFile.Open(path));
        return described.Accepts(image)
            ? LoadEncoder(path, context.Device())
            : throw new LabException($"the encoder cannot see the dataset's images of {image}: {Seen(described)}");
    }

    public static (IDecoder Network, Weights Weights) LoadDecoder(string path, Device device) =>
        Load(path, device, NetworkMetadata.Decoder, network => network.Declare());

    public static (DitNetwork Network, Weights Weights) LoadGenerator(string path, Device device, ScalarType type = ScalarType.Float32) =>
        Load(path, device, NetworkMetadata.Generator, network => network.Declare(), type);

    /// <summary>The latents [B, C, H, W] of images uint8 [B, C, H, W].</summary>
    /// <exception cref="DivergedException">A latent is NaN or infinite.</exception>
    public static Tensor EncodeBytes(this IEncoder encoder, Weights weights, Tensor images) =>
        Finite.Require(encoder.EncodeInParts(weights, LabeledImages.ToUnit(images).to(weights.Device)), "the latents of images");

    private static string Seen(IEncoder encoder) =>
        encoder is VitEncoder vit ? $"it was trained on images of {vit.Image}" : "it needs colours";

    private static (T Network, Weights Weights) Load<T>(
        string path, Device device, Func<TensorFile, T> describe, Func<T, WeightSpec> declare, ScalarType type = ScalarType.Float32)
    {
        var file = TensorFile.Open(path);
        var network = describe(file);
        return (network, Weights.Load(declare(network), file, device, type));
    }
}
