using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>The plain DiT beyond its reference vectors.</summary>
[Scoped]
public sealed class PlainDitTests : IDisposable
{
    private static readonly PlainDitOptions Sizes = new(2, 16, 1, 2, 2);
    private static readonly LatentShape Shape = new(3, 4, 6);
    private static readonly RandomSource Random = new(3, CPU);
    private static readonly Tensor Labels = tensor(new long[] { 0, 1, 3 }).DetachFromDisposeScope();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_mean_flow_network_that_takes_over_a_teacher_starts_as_the_teacher()
    {
        var teacher = new PlainDit(Sizes, Shape, 3, interval: false);
        var (teacherWeights, network) = (Perturbed(teacher), teacher.WithInterval());
        var weights = Weights.Initialise(network.Declare(), Random, CPU);
        weights.CopyMatching(teacherWeights);
        var (z, t) = (Random.Normal("z", 0, 3, 3, 4, 6), Random.Uniform("t", 0, 3));
        Largest(network.AverageVelocity(weights, z, t * 0.5, t, Labels) - teacher.Velocity(teacherWeights, z, t, Labels)).Should().BeLessThan(1e-6);
    }

    [Fact]
    public void An_untrained_network_answers_zero()
    {
        var network = new PlainDit(Sizes, Shape, 3, interval: true);
        var weights = Weights.Initialise(network.Declare(), Random, CPU);
        Largest(network.AverageVelocity(weights, Random.Normal("z", 0, 3, 3, 4, 6), zeros(3), ones(3), Labels)).Should().Be(0);
    }

    [Fact]
    public void Patches_are_those_of_a_strided_convolution()
    {
        var network = new PlainDit(Sizes, Shape, 3, interval: false);
        var (weights, z) = (Perturbed(network), Random.Normal("z", 0, 3, 3, 4, 6));
        var expected = nn.functional.conv2d(z, weights["x_embedder.proj.weight"], weights["x_embedder.proj.bias"], strides: [2, 2])
            .flatten(2).transpose(1, 2);
        network.Forward(weights, z, null, ones(3), Labels, (name, value) =>
        {
            if (name == "patches")
                Largest(value - expected).Should().BeLessThan(1e-6);
        });
    }

    [Fact]
    public void A_file_describes_its_network_and_keeps_the_frequencies()
    {
        var network = new PlainDit(Sizes, Shape, 3, interval: true);
        var weights = Perturbed(network);
        weights.Save(_folder.File("dit.safetensors"), NetworkMetadata.Of(network));

        var read = NetworkMetadata.Generator(TensorFile.Open(_folder.File("dit.safetensors")));

        read.Should().BeOfType<PlainDit>().Which.Options.Should().Be(Sizes);
        (read.Shape, read.Classes, read.Interval).Should().Be((Shape, 3, true));
        var loaded = Weights.Load(read.Declare(), TensorFile.Open(_folder.File("dit.safetensors")), CPU);
        Largest(loaded[PlainDit.FrequencyTable] - weights[PlainDit.FrequencyTable]).Should().Be(0);
    }

    [Fact]
    public void A_published_file_needs_no_frequencies_but_all_other_tensors()
    {
        var network = new PlainDit(Sizes, Shape, 3, interval: false);
        var weights = Perturbed(network);
        Dictionary<string, Tensor> Without(string left) => network.Declare().Entries.Where(entry => entry.Name != left)
            .ToDictionary(entry => entry.Name, entry => weights[entry.Name]);
        TensorFile File(string left) => new("published", Without(left), new Dictionary<string, string>());

        var loaded = Weights.Load(network.Declare(), File(PlainDit.FrequencyTable), CPU);

        Largest(loaded[PlainDit.FrequencyTable] - weights[PlainDit.FrequencyTable]).Should().Be(0);
        FluentActions.Invoking(() => Weights.Load(network.Declare(), File("pos_embed"), CPU)).Should().Throw<LabException>().WithMessage("*pos_embed*");
    }

    private static Weights Perturbed(GeneratorNetwork network)
    {
        var weights = Weights.Initialise(network.Declare(), new RandomSource(5, CPU), CPU);
        using var quiet = no_grad();
        weights.Flat.add_(Random.Normal("perturb", 0, weights.Flat.shape) * 0.1);
        return weights;
    }

    private static double Largest(Tensor difference) => difference.abs().max().item<float>();
}
