using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>The same weights under the names of three publishers.</summary>
[Scoped]
public sealed class Dinov2NamesTests : IDisposable
{
    private static readonly Dinov2Encoder Network = new(
        new Dinov2Options(16, 2, 2, 2, ImageSize: 12, PatchSize: 4, RegisterTokens: 2, InputSize: 8));

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Weights _weights = Weights.Initialise(Network.Declare(), new RandomSource(6, CPU), CPU);

    public Dinov2NamesTests()
    {
        using var quiet = no_grad();
        _weights.Flat.copy_(new RandomSource(7, CPU).Normal("weights", 0, _weights.Flat.numel()));
    }

    public void Dispose()
    {
        _weights.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Those_of_the_release_are_translated() => Same(Released(withClassPosition: true, "register_tokens"));

    [Fact]
    public void Those_of_timm_are_translated()
    {
        var tensors = Released(withClassPosition: false, "reg_token");
        // What timm did to the class token when it took it over.
        tensors["cls_token"] = _weights["embeddings.cls_token"] + _weights["embeddings.position_embeddings"].narrow(1, 0, 1);

        Same(tensors);
    }

    [Fact]
    public void Those_of_Hugging_Face_stay_as_they_are()
    {
        var file = new TensorFile("x", new Dictionary<string, Tensor> { ["embeddings.cls_token"] = zeros(1) }, new Dictionary<string, string>());

        Dinov2Names.Translate(file).Should().BeSameAs(file);
    }

    private void Same(Dictionary<string, Tensor> tensors)
    {
        var images = new RandomSource(8, CPU).Uniform("images", 0, 2, 3, 8, 8);
        var file = Dinov2Names.Translate(new("x", tensors, new Dictionary<string, string>()));
        using var translated = Weights.Load(Network.Declare(), file, CPU);

        (Network.Encode(translated, images) - Network.Encode(_weights, images)).abs().max().item<float>().Should().BeLessThan(1e-5f);
    }

    private Dictionary<string, Tensor> Released(bool withClassPosition, string registers)
    {
        var positions = _weights["embeddings.position_embeddings"];
        var tensors = new Dictionary<string, Tensor>
        {
            ["cls_token"] = _weights["embeddings.cls_token"],
            ["mask_token"] = zeros(1, 16),
            [registers] = _weights["embeddings.register_tokens"],
            ["pos_embed"] = withClassPosition ? positions : positions.narrow(1, 1, positions.shape[1] - 1),
            ["patch_embed.proj.weight"] = _weights["embeddings.patch_embeddings.projection.weight"],
            ["patch_embed.proj.bias"] = _weights["embeddings.patch_embeddings.projection.bias"],
            ["norm.weight"] = ones(16),
            ["norm.bias"] = zeros(16),
        };
        for (var i = 0; i < 2; i++)
        {
            foreach (var part in new[] { "weight", "bias" })
            {
                Tensor Of(string name) => _weights[$"encoder.layer.{i}.{name}.{part}"];
                tensors[$"blocks.{i}.attn.qkv.{part}"] = cat(
                    [Of("attention.attention.query"), Of("attention.attention.key"), Of("attention.attention.value")]);
                tensors[$"blocks.{i}.attn.proj.{part}"] = Of("attention.output.dense");
                foreach (var same in new[] { "norm1", "norm2", "mlp.fc1", "mlp.fc2" })
                    tensors[$"blocks.{i}.{same}.{part}"] = Of(same);
            }

            foreach (var scale in new[] { 1, 2 })
                tensors[$"blocks.{i}.ls{scale}.gamma"] = _weights[$"encoder.layer.{i}.layer_scale{scale}.lambda1"];
        }

        return tensors;
    }
}
