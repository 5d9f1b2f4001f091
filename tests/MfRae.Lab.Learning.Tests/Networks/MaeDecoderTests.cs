using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

[Scoped]
public sealed class MaeDecoderTests
{
    [Fact]
    public void The_default_is_the_paper_s_decoder_of_415M_parameters()
    {
        var spec = new MaeDecoder(new(), new LatentShape(768, 16, 16)).Declare();
        var count = spec.Entries.Where(entry => entry.Trained).Sum(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent));
        (count / 1e6).Should().BeApproximately(415, 0.5);
    }

    [Fact]
    public void A_patch_paints_its_own_square()
    {
        var network = new MaeDecoder(new(HiddenSize: 16, Layers: 1, Heads: 2, IntermediateSize: 16, PatchSize: 2, ImageSize: 4),
            new LatentShape(3, 2, 2));
        var patches = zeros(1, 4, 12);
        patches[0, 1, 3 * 2] = 7; // The second patch of the first row: its row 1, column 0, red.
        var image = network.Unpatchify(patches);
        image[0, 0, 1, 2].item<float>().Should().Be(7);
        image.sum().item<float>().Should().Be(7);
    }

    [Fact]
    public void Latents_of_another_grid_are_brought_to_the_decoder_s()
    {
        var network = new MaeDecoder(new(HiddenSize: 16, Layers: 1, Heads: 2, IntermediateSize: 16, PatchSize: 2, ImageSize: 8),
            new LatentShape(3, 2, 2));
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        network.Decode(weights, zeros(2, 3, 2, 2)).shape.Should().Equal(2, 3, 8, 8);
    }
}
