using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Networks as safetensors files that describe themselves: the metadata hold the options of the network and the shapes
/// they do not say, so a file needs nothing beside it.
/// </summary>
internal static class NetworkFiles
{
    public const string Encoder = "encoder.safetensors";
    public const string Decoder = "decoder.safetensors";
    public const string Features = "features.safetensors";
    public const string Generator = "network.safetensors";

    public static void Save(string path, VitEncoder network, Weights weights) => weights.Save(path, new Dictionary<string, string>
    {
        ["type"] = "vit-encoder",
        ["network"] = JsonSerializer.Serialize(network.Options, LabJson.Default.VitOptions),
    });

    public static (VitEncoder Network, Weights Weights) LoadEncoder(string path, Device device)
    {
        var file = Open(path, "vit-encoder");
        var network = new VitEncoder(JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.VitOptions)!);
        return (network, Weights.Load(network.Declare(), file, device));
    }

    public static void Save(string path, RaeDecoder network, Weights weights) => weights.Save(path, new Dictionary<string, string>
    {
        ["type"] = "rae-decoder",
        ["network"] = JsonSerializer.Serialize(network.Options, LabJson.Default.DecoderNetworkOptions),
        ["shape"] = Text(network.Shape),
    });

    public static (RaeDecoder Network, Weights Weights) LoadDecoder(string path, Device device)
    {
        var file = Open(path, "rae-decoder");
        var options = JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.DecoderNetworkOptions)!;
        var network = new RaeDecoder(options, Shape(file));
        return (network, Weights.Load(network.Declare(), file, device));
    }

    public static void Save(string path, InceptionNetwork network, Weights weights) => weights.Save(path, new Dictionary<string, string>
    {
        ["type"] = "inception",
        ["width"] = Invariant(network.Width),
        ["classes"] = Invariant(network.Classes),
    });

    public static IFeatureNetwork LoadFeatures(string path, Device device)
    {
        using var scope = NewDisposeScope();
        var file = Safetensors.Read(path);
        switch (file.Meta("type"))
        {
            case "inception":
                var network = new InceptionNetwork((int)Number(file, "width"), (int)Number(file, "classes"));
                return new SmallInceptionFeatures(network, Weights.Load(network.Declare(), file, device), FeatureExtractor.Hash(path));
            case FidInceptionFeatures.Type:
                return FidInceptionFeatures.Load(file, device);
            case var other:
                throw new LabException(
                    $"{path} holds a network of type '{other}' where inception or {FidInceptionFeatures.Type} is needed");
        }
    }

    public static void Save(string path, DitNetwork network, Weights weights) => weights.Save(path, new Dictionary<string, string>
    {
        ["type"] = network.Interval ? "dit-mean-flow" : "dit-velocity",
        ["network"] = JsonSerializer.Serialize(network.Options, LabJson.Default.DitOptions),
        ["shape"] = Text(network.Shape),
        ["classes"] = Invariant(network.Classes),
    });

    public static (DitNetwork Network, Weights Weights) LoadGenerator(string path, Device device, ScalarType type = ScalarType.Float32)
    {
        var file = Safetensors.Read(path);
        var interval = file.Meta("type") switch
        {
            "dit-velocity" => false,
            "dit-mean-flow" => true,
            var other => throw new LabException($"{path} holds a network of type '{other}' where dit-velocity or dit-mean-flow is needed"),
        };
        var options = JsonSerializer.Deserialize(file.Meta("network"), LabJson.Default.DitOptions)!;
        var network = new DitNetwork(options, Shape(file), (int)Number(file, "classes"), interval);
        return (network, Weights.Load(network.Declare(), file, device, type));
    }

    private static TensorFile Open(string path, string type)
    {
        var file = Safetensors.Read(path);
        return file.Meta("type") == type
            ? file
            : throw new LabException($"{path} holds a network of type '{file.Meta("type")}' where {type} is needed");
    }

    private static string Text(LatentShape shape) => FormattableString.Invariant($"{shape.Channels}x{shape.Rows}x{shape.Columns}");

    private static LatentShape Shape(TensorFile file)
    {
        var parts = file.Meta("shape").Split('x');
        return parts.Length == 3 && parts.All(part => long.TryParse(part, out _))
            ? new(long.Parse(parts[0]), long.Parse(parts[1]), long.Parse(parts[2]))
            : throw new LabException($"{file.Path} describes the latent shape as '{file.Meta("shape")}', not as CxHxW");
    }

    private static long Number(TensorFile file, string key) => long.TryParse(file.Meta(key), out var value) && value > 0
        ? value
        : throw new LabException($"{file.Path} gives '{file.Meta(key)}' for {key}, not a positive number");

    private static string Invariant(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
