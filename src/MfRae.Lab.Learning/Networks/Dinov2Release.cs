using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Translates the names of DINOv2's release and of timm to the Hugging Face names that <see cref="Dinov2Encoder"/> declares. Both keep
/// query, key and value in one tensor; timm has no position for the class token, because it is already added to the token.
/// </summary>
internal static class Dinov2Names
{
    private static readonly (string Old, string New)[] Embeddings =
    [
        ("cls_token", "embeddings.cls_token"),
        ("mask_token", "embeddings.mask_token"),
        ("register_tokens", "embeddings.register_tokens"),
        ("reg_token", "embeddings.register_tokens"),
        ("patch_embed.proj.weight", "embeddings.patch_embeddings.projection.weight"),
        ("patch_embed.proj.bias", "embeddings.patch_embeddings.projection.bias"),
        ("norm.weight", "layernorm.weight"),
        ("norm.bias", "layernorm.bias"),
    ];

    private static readonly (string Old, string New)[] LayerParts =
    [
        ("attn.proj.", "attention.output.dense."),
        ("ls1.gamma", "layer_scale1.lambda1"),
        ("ls2.gamma", "layer_scale2.lambda1"),
    ];

    private static readonly string[] Projections = ["query", "key", "value"];

    /// <summary>Translates a file. A file with the Hugging Face names or with unknown names is returned unchanged.</summary>
    public static TensorFile Translate(TensorFile file)
    {
        if (!file.Tensors.ContainsKey("patch_embed.proj.weight"))
            return file;
        var translated = new Dictionary<string, Tensor>();
        foreach (var name in file.Tensors.Keys)
        {
            if (name == "pos_embed")
                translated["embeddings.position_embeddings"] = WithClassPosition(file[name]);
            else if (name.StartsWith("blocks.", StringComparison.Ordinal))
                TranslateLayer(translated, "encoder.layer." + name["blocks.".Length..], file[name]);
            else
                translated[Embeddings.FirstOrDefault(pair => pair.Old == name).New ?? name] = file[name];
        }

        return new(file.Path, translated, file.Metadata);
    }

    private static void TranslateLayer(Dictionary<string, Tensor> translated, string name, Tensor value)
    {
        const string together = "attn.qkv.";
        if (name.Contains(together, StringComparison.Ordinal))
        {
            foreach (var (projection, part) in Projections.Zip(value.chunk(3)))
                translated[name.Replace(together, $"attention.attention.{projection}.", StringComparison.Ordinal)] = part;
            return;
        }

        foreach (var (from, to) in LayerParts)
            name = name.Replace(from, to, StringComparison.Ordinal);
        translated[name] = value;
    }

    // A square number of positions: only the patches have positions.
    private static Tensor WithClassPosition(Tensor positions)
    {
        var side = (long)Math.Round(Math.Sqrt(positions.shape[1]));
        return side * side == positions.shape[1] ? cat([zeros_like(positions.narrow(1, 0, 1)), positions], 1) : positions;
    }
}

/// <summary>The sizes of a released DINOv2, from the shapes of its tensors: all its models have 64 channels in a head.</summary>
internal static class Dinov2Sizes
{
    private const int HeadWidth = 64;
    private const string Layer = "encoder.layer.";

    /// <summary>The sizes of the network in a file.</summary>
    /// <param name="file">With the Hugging Face names, as <see cref="Dinov2Names"/> returns them.</param>
    /// <exception cref="LabException">The file holds no such network, or a network with unsupported blocks.</exception>
    public static Dinov2Options Of(TensorFile file)
    {
        var (width, patch) = Shape(file, "embeddings.patch_embeddings.projection.weight", 4) is [var channels, _, var rows, _]
            ? (channels, rows)
            : throw Unknown(file, "embeddings.patch_embeddings.projection.weight");
        var positions = Shape(file, "embeddings.position_embeddings", 3)[1] - 1;
        var side = (long)Math.Round(Math.Sqrt(positions));
        var layers = file.Tensors.Keys.Where(name => name.StartsWith(Layer, StringComparison.Ordinal))
            .Select(name => name[Layer.Length..].Split('.')[0]).Distinct().Count();
        if (width % HeadWidth != 0 || side * side != positions || layers == 0)
            throw Unknown(file, FormattableString.Invariant($"{width} channels, {positions} positions and {layers} layers"));
        if (file.Tensors.ContainsKey(Layer + "0.mlp.w12.weight") || file.Tensors.ContainsKey(Layer + "0.mlp.weights_in.weight"))
            throw new LabException($"{file.Path} is a giant DINOv2, whose gated blocks are not supported: use small, base or large");
        var hidden = Shape(file, Layer + "0.mlp.fc1.weight", 2)[0];
        return new(
            (int)width, layers, (int)(width / HeadWidth), (double)hidden / width, (int)(side * patch), (int)patch,
            file.Tensors.TryGetValue("embeddings.register_tokens", out var registers) ? (int)registers.Shape[1] : 0);
    }

    private static IReadOnlyList<long> Shape(TensorFile file, string name, int rank) =>
        file.Tensors.TryGetValue(name, out var tensor) && tensor.Shape.Count == rank ? tensor.Shape : throw Unknown(file, name);

    private static LabException Unknown(TensorFile file, string what) => new(string.Create(
        CultureInfo.InvariantCulture, $"{file.Path} holds no DINOv2 under the names of its release, Hugging Face or timm: no {what} of its kind"));
}
