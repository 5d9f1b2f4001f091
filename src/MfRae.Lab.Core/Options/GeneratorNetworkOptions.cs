using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>
/// The network of a generator: of the teacher, of CMT and of MeanFlow. An object without `kind` is a DiT^DH, and a DiT^DH is written without
/// `kind`, so that the keys of stages from before there were kinds stay the same.
/// </summary>
[JsonConverter(typeof(GeneratorNetworkConverter))]
[OptionKind(typeof(DitOptions), GeneratorNetworkConverter.DitDH, IsDefault = true)]
[OptionKind(typeof(PlainDitOptions), GeneratorNetworkConverter.Dit)]
public abstract record GeneratorNetworkOptions;

/// <summary>DiT^DH: an encoder trunk on single tokens whose output conditions a short, wide head per token (docs/method.md §2).</summary>
/// <param name="TrunkWidth">Channels of a token in the trunk.</param>
/// <param name="TrunkDepth">Transformer blocks of the trunk.</param>
/// <param name="TrunkHeads">Attention heads of a block of the trunk.</param>
/// <param name="HeadWidth">Channels of a token in the head.</param>
/// <param name="HeadDepth">Transformer blocks of the head.</param>
/// <param name="HeadHeads">Attention heads of a block of the head.</param>
/// <param name="MlpRatio">Hidden width of a block's MLP, relative to the width.</param>
public sealed record DitOptions(
    [property: OptionRange(8, 8192, Unit = "channels")] int TrunkWidth = 96,
    [property: OptionRange(1, 128)] int TrunkDepth = 4,
    [property: OptionRange(1, 128)] int TrunkHeads = 4,
    [property: OptionRange(8, 8192, Unit = "channels")] int HeadWidth = 128,
    [property: OptionRange(1, 128)] int HeadDepth = 2,
    [property: OptionRange(1, 128)] int HeadHeads = 4,
    [property: OptionRange(0.5, 16)] double MlpRatio = 4) : GeneratorNetworkOptions;

/// <summary>
/// A plain DiT (arXiv 2212.09748) on patches of the latent, conditioned on time, interval and class (docs/method.md §2); XL/2 is
/// 1152 × 28 with 16 heads and patches of 2 × 2.
/// </summary>
/// <param name="Patch">Side of the square of places of the latent that is one token.</param>
/// <param name="Width">Channels of a token.</param>
/// <param name="Depth">Number of transformer blocks.</param>
/// <param name="Heads">Attention heads of a block.</param>
/// <param name="MlpRatio">Hidden width of a block's MLP, relative to the width.</param>
public sealed record PlainDitOptions(
    [property: OptionRange(1, 256)] int Patch = 2,
    [property: OptionRange(8, 8192, Unit = "channels")] int Width = 96,
    [property: OptionRange(1, 128)] int Depth = 4,
    [property: OptionRange(1, 128)] int Heads = 4,
    [property: OptionRange(0.5, 16)] double MlpRatio = 4) : GeneratorNetworkOptions;

/// <summary>Reads and writes the network of a generator by its `kind`, which is absent for a DiT^DH.</summary>
public sealed class GeneratorNetworkConverter : JsonConverter<GeneratorNetworkOptions>
{
    /// <summary>The kind of <see cref="DitOptions"/>, which is the default.</summary>
    public const string DitDH = "ditDH";

    /// <summary>The kind of <see cref="PlainDitOptions"/>.</summary>
    public const string Dit = "dit";

    private const string Kind = "kind";

    /// <inheritdoc/>
    public override GeneratorNetworkOptions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var network = JsonNode.Parse(ref reader, new JsonNodeOptions()) as JsonObject ?? throw new JsonException("expected an object");
        string? kind = network.ContainsKey(Kind) ? network[Kind]?.GetValue<string>() ?? throw new JsonException("`kind` is null") : DitDH;
        network.Remove(Kind);
        var type = kind switch
        {
            DitDH => typeof(DitOptions),
            Dit => typeof(PlainDitOptions),
            _ => throw new JsonException($"unknown kind `{kind}` of a generator's network"),
        };
        return (GeneratorNetworkOptions)network.Deserialize(options.GetTypeInfo(type))!;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, GeneratorNetworkOptions value, JsonSerializerOptions options)
    {
        var type = options.GetTypeInfo(value.GetType());
        if (value is DitOptions)
        {
            JsonSerializer.Serialize(writer, value, type);
            return;
        }

        var network = (JsonObject)JsonSerializer.SerializeToNode(value, type)!;
        network.Insert(0, Kind, Dit);
        network.WriteTo(writer, options);
    }
}
