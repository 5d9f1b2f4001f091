using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>
/// How often a layer is applied can be counted without its declaration: the gradient of its weight is a sum of one outer product for
/// each vector that passes through it, so its rank is their number, as long as the weight is wider than that.
/// </summary>
[Scoped]
public sealed class NetworkCostTests
{
    private static readonly LatentShape Shape = new(24, 2, 2);
    private static readonly DitOptions Dit = new(24, 2, 3, 32, 1, 4, 2);
    private static readonly RandomSource Random = new(5, CPU);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DiT_is_counted_as_it_is_applied(bool interval)
    {
        var network = new DitNetwork(Dit, Shape, 3, interval);
        Counts(network.Declare(), weights =>
        {
            var (z, t, y) = (Noise(1, 24, 2, 2), Noise(1).abs(), tensor(new[] { 1L }));
            return interval ? network.AverageVelocity(weights, z, t * 0.5, t, y) : network.Velocity(weights, z, t, y);
        }).Should().Be(interval ? 24 : 22, "every linear layer was compared");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_plain_DiT_is_counted_as_it_is_applied(bool interval)
    {
        var network = new PlainDit(new(2, 24, 2, 3, 2), new LatentShape(6, 4, 4), 3, interval);
        Counts(network.Declare(), weights =>
        {
            var (z, t, y) = (Noise(1, 6, 4, 4), Noise(1).abs(), tensor(new[] { 1L }));
            return interval ? network.AverageVelocity(weights, z, t * 0.5, t, y) : network.Velocity(weights, z, t, y);
        }).Should().Be(interval ? 17 : 15, "every linear layer and the convolution were compared");
    }

    [Fact]
    public void The_encoders_are_counted_as_they_are_applied()
    {
        var vit = new VitEncoder(new VitOptions(48, 2, 3));
        Counts(vit.Declare(), weights => vit.Encode(weights, Noise(1, 1, 28, 28))).Should().Be(9, "and the first two convolutions are too narrow");

        var dinov2 = new Dinov2Encoder(new Dinov2Options(32, 2, 2, 2, ImageSize: 12, PatchSize: 4, RegisterTokens: 2, InputSize: 8));
        Counts(dinov2.Declare(), weights => dinov2.Encode(weights, Noise(1, 3, 8, 8)), "encoder.layer.1")
            .Should().Be(7);
    }

    [Fact]
    public void The_decoders_are_counted_as_they_are_applied()
    {
        var rae = new RaeDecoder(new DecoderNetworkOptions(24, 1, 2, 2, Channels: 2), Shape);
        Counts(rae.Declare(), weights => rae.Decode(weights, Noise(1, 24, 2, 2))).Should().Be(6, "and the convolutions are too narrow");

        var mae = new MaeDecoder(new MaeDecoderOptions(32, 2, 2, 40, PatchSize: 4, ImageSize: 8), Shape);
        Counts(mae.Declare(), weights => mae.Decode(weights, Noise(1, 24, 2, 2)), "decoder_layers.1").Should().Be(8);
    }

    [Fact]
    public void Convolutions_and_attention_cost_what_a_count_by_hand_says()
    {
        var rae = NetworkCost.Of(new RaeDecoder(new DecoderNetworkOptions(24, 1, 2, 2, Channels: 2), Shape).Declare());
        const long Convolutions = 28 * 28 * 9 * ((2 * 2) + (2 * 2) + 2);
        const long Tokens = 4 * 24 * (24 + (3 * 24) + 24 + (2 * 48) + (2 * 14 * 14));
        rae.Forward.Should().Be(new MultiplyAdds(Convolutions + Tokens, 2 * 4 * 4 * 24));

        var vit = NetworkCost.Of(new VitEncoder(new VitOptions(48, 1, 3, 2)).Declare());
        const long Stem = 9 * ((14 * 14 * 16) + (7 * 7 * 16 * 32) + (4 * 4 * 32 * 48));
        vit.Forward.Should().Be(new MultiplyAdds(Stem + (16 * 8 * 48 * 48), 2 * 16 * 16 * 48));
    }

    [Fact]
    public void Parameters_are_those_that_weights_hold()
    {
        using var scope = NewDisposeScope();
        var spec = new DitNetwork(Dit, Shape, 3, interval: true).Declare();
        var weights = Weights.Initialise(spec, Random, CPU);

        NetworkCost.Of(spec).Parameters.Should().Be(weights.Flat.numel());
        NetworkCost.Of(spec).Constants.Should().Be(weights.Constants().Sum(constant => constant.Value.numel()));
    }

    [Fact]
    public void A_layer_that_does_not_say_how_often_it_is_applied_has_no_cost()
    {
        var spec = new WeightSpec();
        spec.Linear("mystery", 2, 3);

        FluentActions.Invoking(() => NetworkCost.Of(spec)).Should().Throw<InvalidOperationException>().WithMessage("*mystery*");
    }

    /// <summary>Compares every layer that is wide enough, and returns how many they were.</summary>
    /// <param name="last">Layers that are left out: tokens that are dropped after them are computed, but have no gradient.</param>
    private static int Counts(WeightSpec spec, Func<Weights, Tensor> evaluate, string last = "none")
    {
        using var scope = NewDisposeScope();
        var weights = Weights.Initialise(spec, Random, CPU, ScalarType.Float64);
        using (no_grad())
        {
            // Layers that start at zero would hide those before them.
            weights.Flat.copy_(Noise(weights.Flat.numel()) * 0.2);
        }

        weights.Train();
        var output = evaluate(weights);
        (output * Noise(output.shape)).sum().backward();

        // A table is looked up, and costs nothing.
        spec.Layers.Should().NotContain(layer => layer.Name.Contains("table"));
        var compared = 0;
        foreach (var layer in spec.Layers.Where(layer => layer.Times < Math.Min(layer.Inputs, layer.Outputs) && !layer.Name.StartsWith(last)))
        {
            var gradient = weights[layer.Name + ".weight"].grad!.flatten(1);
            // Softmax is invariant to a constant added to all keys, so the gradients of the keys sum to zero.
            var dependent = layer.Name.EndsWith(".key", StringComparison.Ordinal) ? 1 : 0;
            linalg.matrix_rank(gradient, rtol: 1e-9).item<long>().Should().Be(layer.Times - dependent, layer.Name);
            compared++;
        }

        return compared;
    }

    private static Tensor Noise(params long[] shape) => Random.Normal("noise", shape.Length, shape).to(float64);
}
