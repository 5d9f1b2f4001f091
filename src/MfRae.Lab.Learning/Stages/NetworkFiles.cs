using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Networks as safetensors files that describe themselves by <see cref="NetworkMetadata"/>: a file is complete by itself.
/// </summary>
internal static class NetworkFiles
{
    public const string Encoder = "encoder.safetensors";
    public const string Decoder = "decoder.safetensors";
    public const string Features = "features.safetensors";
    public const string Generator = "network.safetensors";

    /// <summary>The file of the generator after a number of training steps.</summary>
    public static string Snapshot(int step) => string.Create(CultureInfo.InvariantCulture, $"snapshot.{step}.safetensors");

    public static void Save(string path, IEncoder network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    public static void Save(string path, IDecoder network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    /// <param name="image">The images that the network was trained on.</param>
    public static void Save(string path, InceptionNetwork network, Weights weights, ImageShape image) =>
        weights.Save(path, NetworkMetadata.Of(network, image));

    public static void Save(string path, RandomConvolution network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    public static void Save(string path, GeneratorNetwork network, Weights weights) => weights.Save(path, NetworkMetadata.Of(network));

    public static (IEncoder Network, Weights Weights) LoadEncoder(string path, Device device) =>
        Load(path, device, NetworkMetadata.Encoder, network => network.Declare());

    /// <summary>The encoder among a stage's inputs.</summary>
    /// <exception cref="LabException">The encoder does not accept images of this shape.</exception>
    public static (IEncoder Network, Weights Weights) LoadEncoder(StageContext context, ImageShape image)
    {
        var path = Path.Combine(context.Input(StageInput.Encoder), Encoder);
        var described = NetworkMetadata.Encoder(TensorFile.Open(path));
        return described.Accepts(image)
            ? LoadEncoder(path, context.Device())
            : throw new LabException($"the encoder does not accept the dataset's images of {image}: {Seen(described)}");
    }

    public static (IDecoder Network, Weights Weights) LoadDecoder(string path, Device device) =>
        Load(path, device, NetworkMetadata.Decoder, network => network.Declare());

    public static (GeneratorNetwork Network, Weights Weights) LoadGenerator(string path, Device device, ScalarType type = ScalarType.Float32) =>
        Load(path, device, NetworkMetadata.Generator, network => network.Declare(), type);

    /// <summary>The latents [B, C, H, W] of images uint8 [B, C, H, W].</summary>
    /// <exception cref="DivergedException">A latent is NaN or infinite.</exception>
    public static Tensor EncodeBytes(this IEncoder encoder, Weights weights, Tensor images) =>
        Finite.Require(encoder.EncodeInParts(weights, LabeledImages.ToUnit(images).to(weights.Device)), "the latents of images");

    private static string Seen(IEncoder encoder) => encoder switch
    {
        VitEncoder vit => $"it was trained on images of {vit.Image}",
        AutoencoderKlEncoder autoencoder => $"it is for images of {autoencoder.Image}",
        PixelEncoder pixels => $"it is for images of {pixels.Image}",
        _ => "it needs colour images",
    };

    private static (T Network, Weights Weights) Load<T>(
        string path, Device device, Func<TensorFile, T> describe, Func<T, WeightSpec> declare, ScalarType type = ScalarType.Float32)
    {
        // The map of the file is not needed after the copy.
        using var scope = NewDisposeScope();
        var file = TensorFile.Open(path);
        var network = describe(file);
        var tensors = LinkedWeights.Tensors(file);
        return (network, Weights.Load(declare(network), network is Dinov2Encoder ? Dinov2Names.Translate(tensors) : tensors, device, type));
    }
}

/// <summary>
/// Imports pre-trained networks. A file of the lab is copied unchanged. Released weights, which do not describe their network, are
/// converted to a file that does. Large files are linked instead (<see cref="LinkedWeights"/>).
/// </summary>
internal static class Pretrained
{
    public static void Encoder(StageContext context, PretrainedEncoderOptions options, string path)
    {
        var source = context.Resolve(options.Weights);
        PretrainingCost.Report(context, source);
        var (network, weights) = NetworkFiles.LoadEncoder(source, CPU);
        weights.Dispose();
        if (options.Network is { } named && (network as VitEncoder)?.Options != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.VitOptions), NetworkMetadata.Of(network));
        LinkedWeights.Put(source, path);
    }

    public static void Encoder(StageContext context, Dinov2EncoderOptions options, string path)
    {
        using var scope = NewDisposeScope();
        var network = new Dinov2Encoder(options.Network);
        var source = context.Resolve(options.Weights);
        using var weights = Weights.Load(network.Declare(), Dinov2Names.Translate(TensorFile.Open(source)), CPU);
        if (!LinkedWeights.TryDescribe(source, path, NetworkMetadata.Of(network)))
            NetworkFiles.Save(path, network, weights);
    }

    /// <summary>Both halves of a published KL autoencoder, in separate files.</summary>
    /// <param name="image">The shape of the images that it will encode.</param>
    public static void Autoencoder(StageContext context, AutoencoderKlEncoderOptions options, ImageShape image)
    {
        using var scope = NewDisposeScope();
        var (encoder, decoder) = (
            new AutoencoderKlEncoder(options.Network, image, options.Scale), new AutoencoderKlDecoder(options.Network, image, options.Scale));
        using var weights = Weights.Load(AutoencoderKlLayers.Declare(encoder, decoder), AutoencoderKlNames.Translate(TensorFile.Open(context.Resolve(options.Weights))), CPU);
        SaveHalves(context, encoder, decoder, weights);
    }

    /// <summary>Saves the halves of a KL autoencoder as the encoder and the decoder of a stage.</summary>
    public static void SaveHalves(StageContext context, AutoencoderKlEncoder encoder, AutoencoderKlDecoder decoder, Weights both)
    {
        using (var half = both.Part(encoder.Declare()))
            NetworkFiles.Save(context.File(NetworkFiles.Encoder), encoder, half);
        using (var half = both.Part(decoder.Declare()))
            NetworkFiles.Save(context.File(NetworkFiles.Decoder), decoder, half);
    }

    public static void Decoder(StageContext context, PretrainedDecoderOptions options, string path)
    {
        using var scope = NewDisposeScope();
        var source = context.Resolve(options.Weights);
        PretrainingCost.Report(context, source);
        var file = TensorFile.Open(source);
        var latent = context.HasInput(StageInput.Encoder)
            ? NetworkMetadata.Encoder(TensorFile.Open(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder))).Shape
            : null;
        if (options.Network is MaeDecoderOptions released && !NetworkMetadata.Describes(file))
        {
            var network = new MaeDecoder(released, latent ?? throw new InvalidOperationException("a decoder stage has an encoder"));
            using var imported = Weights.Load(network.Declare(), file, CPU);
            if (!LinkedWeights.TryDescribe(source, path, NetworkMetadata.Of(network)))
                NetworkFiles.Save(path, network, imported);
            return;
        }

        var (own, weights) = NetworkFiles.LoadDecoder(source, CPU);
        weights.Dispose();
        DecoderArchitectureOptions? found = own switch
        {
            RaeDecoder rae => rae.Options,
            MaeDecoder mae => mae.Options,
            _ => null,
        };
        if (options.Network is { } named && found != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.DecoderArchitectureOptions), NetworkMetadata.Of(own));
        if (latent is not null && own.Shape != latent)
            throw new LabException($"{source} decodes latents of {Text(own.Shape)}, but the encoder makes latents of {Text(latent)}");
        LinkedWeights.Put(source, path);
    }

    /// <param name="interval">Whether a mean-flow network is needed; otherwise a velocity network.</param>
    public static void Generator(StageContext context, IPretrainedGenerator options, bool interval)
    {
        using var scope = NewDisposeScope();
        var path = context.File(NetworkFiles.Generator);
        var source = context.Resolve(options.Weights);
        PretrainingCost.Report(context, source);
        var file = TensorFile.Open(source);
        if (options.Network is { } released && !NetworkMetadata.Describes(file))
        {
            var (shape, classes) = GeneratorTraining.Latents(context);
            var network = GeneratorNetwork.Create(released, shape, classes, interval);
            // Only a mean-flow network embeds the interval.
            if (file.Tensors.Keys.Any(name => name.StartsWith(GeneratorNetwork.IntervalEmbedding + ".", StringComparison.Ordinal)) != interval)
                throw OtherKind(source, interval);
            using var imported = Weights.Load(network.Declare(), file, CPU);
            if (!LinkedWeights.TryDescribe(source, path, NetworkMetadata.Of(network)))
                NetworkFiles.Save(path, network, imported);
            return;
        }

        var (own, weights) = NetworkFiles.LoadGenerator(source, CPU);
        weights.Dispose();
        if (own.Interval != interval)
            throw OtherKind(source, interval);
        if (options.Network is { } named && own.Options != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.GeneratorNetworkOptions), NetworkMetadata.Of(own));
        LinkedWeights.Put(source, path);
    }

    private static LabException OtherKind(string source, bool interval) => new(interval
        ? $"{source} holds a velocity network, without {GeneratorNetwork.IntervalEmbedding}, where a mean-flow network is needed: its place is "
            + "`teacher` of kind pretrained"
        : $"{source} holds a mean-flow network, with {GeneratorNetwork.IntervalEmbedding}, where the teacher, a velocity network, is needed: its "
            + "place is `meanflow` or `cmt` of kind pretrained");

    private static LabException Differs(string source, string named, Dictionary<string, string> found) =>
        new($"{source} holds the network {found["network"]}, but the options name {named}: correct `network`, or write null");

    private static string Text(LatentShape shape) => $"[{shape.Channels}, {shape.Rows}, {shape.Columns}]";
}
