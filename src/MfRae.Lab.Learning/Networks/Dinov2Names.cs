using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// DINOv2's weights under the names of its own release or of timm, as the Hugging Face names that <see cref="Dinov2Encoder"/>
/// declares. Both keep query, key and value in one tensor; timm has no position for the class token, whose position it added to it.
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

    /// <summary>The file itself where it has the Hugging Face names, or any others.</summary>
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

    // A square number of positions are those of the patches alone.
    private static Tensor WithClassPosition(Tensor positions)
    {
        var side = (long)Math.Round(Math.Sqrt(positions.shape[1]));
        return side * side == positions.shape[1] ? cat([zeros_like(positions.narrow(1, 0, 1)), positions], 1) : positions;
    }
}
