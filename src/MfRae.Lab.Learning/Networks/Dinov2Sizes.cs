using System.Globalization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The sizes of a released DINOv2, which its tensors tell: all its models have 64 channels to a head.</summary>
internal static class Dinov2Sizes
{
    private const int HeadWidth = 64;
    private const string Layer = "encoder.layer.";

    /// <param name="file">With the Hugging Face names, as <see cref="Dinov2Names"/> gives them.</param>
    /// <exception cref="LabException">The file holds no such network, or one with other blocks.</exception>
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
            throw new LabException($"{file.Path} is a giant DINOv2, whose gated blocks are not built here: use small, base or large");
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
