using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The description of a network in the metadata of its weights file: the type, the network's options, and the shapes that the options
/// do not contain. Reading it reads no values.
/// </summary>
internal static class NetworkMetadata
{
    private const string VitEncoderType = "vit-encoder";
    private const string Dinov2Type = "dinov2-encoder";
    private const string AutoencoderKlEncoderType = "autoencoder-kl-encoder";
    private const string AutoencoderKlDecoderType = "autoencoder-kl-decoder";
    private const string PixelEncoderType = "pixel-encoder";
    private const string PixelDecoderType = "pixel-decoder";
    private const string RaeDecoderType = "rae-decoder";
    private const string MaeDecoderType = "mae-decoder";
    private const string InceptionType = "inception";
    private const string VelocityType = "dit-velocity";
    private const string MeanFlowType = "dit-mean-flow";

    /// <summary>The types of feature networks from other projects. Their readers know the rest of their descriptions.</summary>
    public const string FidInceptionType = "fid-inception";
    public const string Dinov2FeaturesType = "dinov2-features";
    public const string TorchScriptType = "torchscript";

    /// <summary>The type of the untrained feature network.</summary>
    public const string RandomConvolutionType = "random-convolution";

    public static Dictionary<string, string> Of(IEncoder network) => network switch
    {
        VitEncoder vit => WithImage(
            vit.Image, Describe(VitEncoderType, JsonSerializer.Serialize(vit.Options, LabJson.Default.VitOptions))),
        Dinov2Encoder dinov2 => Describe(Dinov2Type, JsonSerializer.Serialize(dinov2.Options, LabJson.Default.Dinov2Options)),
        AutoencoderKlEncoder autoencoder => WithImage(autoencoder.Image, Describe(AutoencoderKlEncoderType, autoencoder.Options, autoencoder.Scale)),
        PixelEncoder pixels => WithImage(pixels.Image, Describe(PixelEncoderType, "{}")),
        _ => throw new NotSupportedException($"{network.GetType().Name} has no metadata"),
    };

    public static Dictionary<string, string> Of(IDecoder network)
    {
        var described = network switch
        {
            AutoencoderKlDecoder autoencoder => Describe(AutoencoderKlDecoderType, autoencoder.Options, autoencoder.Scale),
            PixelDecoder => Describe(PixelDecoderType, "{}"),
            RaeDecoder rae => Describe(RaeDecoderType, JsonSerializer.Serialize(rae.Options, LabJson.Default.DecoderNetworkOptions)),
            MaeDecoder mae => Describe(MaeDecoderType, JsonSerializer.Serialize(mae.Options, LabJson.Default.MaeDecoderOptions)),
            _ => throw new NotSupportedException($"{network.GetType().Name} has no metadata"),
        };
        described["shape"] = Text(network.Shape);
        return network is MaeDecoder ? described : WithImage(network.Image, described);
    }

    /// <param name="image">The images that the network was trained on.</param>
    public static Dictionary<string, string> Of(InceptionNetwork network, ImageShape? image = null)
    {
        var described = new Dictionary<string, string>
        {
            ["type"] = InceptionType,
            ["width"] = Invariant(network.Width),
            ["classes"] = Invariant(network.Classes),
        };
        if (network.Channels != ImageShape.Mnist.Channels)
            described["channels"] = Invariant(network.Channels);
        return WithImage(image ?? ImageShape.Mnist, described);
    }

    public static Dictionary<string, string> Of(RandomConvolution network) =>
        Describe(RandomConvolutionType, JsonSerializer.Serialize(network.Options, LabJson.Default.RandomConvolutionOptions));

    public static Dictionary<string, string> Of(GeneratorNetwork network)
    {
        var described = Describe(
            network.Interval ? MeanFlowType : VelocityType, JsonSerializer.Serialize(network.Options, LabJson.Default.GeneratorNetworkOptions));
        described["shape"] = Text(network.Shape);
        described["classes"] = Invariant(network.Classes);
        return described;
    }

    /// <summary>Whether the file describes its network, as the lab's files do.</summary>
    public static bool Describes(TensorFile file) => file.Metadata.ContainsKey("type");

    /// <summary>The encoder of a file.</summary>
    /// <exception cref="LabException">The file describes no encoder.</exception>
    public static IEncoder Encoder(TensorFile file) =>
        TypeOf(file, VitEncoderType, Dinov2Type, AutoencoderKlEncoderType, PixelEncoderType) switch
        {
            VitEncoderType => new VitEncoder(JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.VitOptions)!, Image(file)),
            Dinov2Type => new Dinov2Encoder(JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.Dinov2Options)!),
            AutoencoderKlEncoderType => new AutoencoderKlEncoder(Autoencoder(file), Image(file), Scale(file)),
            _ => new PixelEncoder(Image(file)),
        };

    /// <summary>The decoder of a file.</summary>
    /// <exception cref="LabException">The file describes no decoder.</exception>
    public static IDecoder Decoder(TensorFile file) =>
        TypeOf(file, RaeDecoderType, MaeDecoderType, AutoencoderKlDecoderType, PixelDecoderType) switch
        {
            RaeDecoderType => new RaeDecoder(
                JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.DecoderNetworkOptions)!, Shape(file), Image(file)),
            MaeDecoderType => new MaeDecoder(JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.MaeDecoderOptions)!, Shape(file)),
            AutoencoderKlDecoderType => new AutoencoderKlDecoder(Autoencoder(file), Image(file), Scale(file)),
            _ => new PixelDecoder(Image(file)),
        };

    /// <summary>The type of a feature network: one of the constants of this class.</summary>
    /// <exception cref="LabException">The file describes no feature network.</exception>
    public static string FeatureType(TensorFile file) =>
        TypeOf(file, InceptionType, FidInceptionType, Dinov2FeaturesType, TorchScriptType, RandomConvolutionType);

    /// <summary>The lab's feature network of a file.</summary>
    /// <exception cref="LabException">The file does not describe such a network.</exception>
    public static InceptionNetwork Features(TensorFile file)
    {
        TypeOf(file, InceptionType);
        var channels = file.Metadata.ContainsKey("channels") ? Number(file, "channels") : ImageShape.Mnist.Channels;
        return new((int)Number(file, "width"), (int)Number(file, "classes"), (int)channels);
    }

    /// <summary>The untrained feature network of a file.</summary>
    /// <exception cref="LabException">The file does not describe such a network.</exception>
    public static RandomConvolution RandomFeatures(TensorFile file)
    {
        TypeOf(file, RandomConvolutionType);
        return new(JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.RandomConvolutionOptions)!);
    }

    /// <summary>The generator of a file.</summary>
    /// <exception cref="LabException">The file describes no generator.</exception>
    public static GeneratorNetwork Generator(TensorFile file)
    {
        var interval = TypeOf(file, VelocityType, MeanFlowType) == MeanFlowType;
        var options = JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.GeneratorNetworkOptions)!;
        return GeneratorNetwork.Create(options, Shape(file), (int)Number(file, "classes"), interval);
    }

    private static AutoencoderKlOptions Autoencoder(TensorFile file) =>
        JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.AutoencoderKlOptions)!;

    private static double Scale(TensorFile file) =>
        double.TryParse(file.Meta("scale"), NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && scale > 0
            ? scale
            : throw new LabException($"{file.Path} gives '{file.Meta("scale")}' for scale, not a positive number");

    private static Dictionary<string, string> Describe(string type, AutoencoderKlOptions network, double scale) => new()
    {
        ["type"] = type,
        ["network"] = JsonSerializer.Serialize(network, LabJson.Default.AutoencoderKlOptions),
        ["scale"] = scale.ToString("R", CultureInfo.InvariantCulture),
    };

    private static Dictionary<string, string> Describe(string type, string network) => new() { ["type"] = type, ["network"] = network };

    // Files of networks for the shape of MNIST do not state it, so that the files of earlier versions stay the same.
    private static Dictionary<string, string> WithImage(ImageShape image, Dictionary<string, string> described)
    {
        if (image != ImageShape.Mnist)
            described["image"] = image.ToString();
        return described;
    }

    private static string TypeOf(TensorFile file, params string[] types)
    {
        var type = file.Meta("type");
        return types.Contains(type)
            ? type
            : throw new LabException($"{file.Path} holds a network of type '{type}' where {string.Join(" or ", types)} is needed");
    }

    private static string Text(LatentShape shape) => FormattableString.Invariant($"{shape.Channels}x{shape.Rows}x{shape.Columns}");

    private static LatentShape Shape(TensorFile file)
    {
        var (channels, rows, columns) = Sizes(file, "shape");
        return new(channels, rows, columns);
    }

    private static ImageShape Image(TensorFile file)
    {
        if (!file.Metadata.ContainsKey("image"))
            return ImageShape.Mnist;
        var (channels, rows, columns) = Sizes(file, "image");
        return new(channels, rows, columns);
    }

    private static (long Channels, long Rows, long Columns) Sizes(TensorFile file, string key)
    {
        var parts = file.Meta(key).Split('x');
        return parts.Length == 3 && parts.All(part => long.TryParse(part, out _))
            ? (long.Parse(parts[0]), long.Parse(parts[1]), long.Parse(parts[2]))
            : throw new LabException($"{file.Path} describes the {key} as '{file.Meta(key)}', not as CxHxW");
    }

    private static long Number(TensorFile file, string key) => long.TryParse(file.Meta(key), out var value) && value > 0
        ? value
        : throw new LabException($"{file.Path} gives '{file.Meta(key)}' for {key}, not a positive number");

    private static string Invariant(long value) => value.ToString(CultureInfo.InvariantCulture);
}
