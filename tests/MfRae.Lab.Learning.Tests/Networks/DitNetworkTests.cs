using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>Against vectors of the public PyTorch implementation; sizes are those of the manifests.</summary>
public sealed class DitNetworkTests
{
    private static readonly LatentShape Shape = new(16, 4, 4);

    [Fact]
    public void The_velocity_network_agrees_with_the_reference()
    {
        var (network, weights) = Load("ddt_velocity", interval: false);
        var data = Golden.Reference("ddt_velocity");
        var v = network.Velocity(weights, data["x"], data["t"], data["y"]);
        Largest(v - data["out.f32"]).Should().BeLessThan(2e-5);
    }

    [Fact]
    public void The_mean_flow_network_agrees_with_the_reference()
    {
        var (network, weights) = Load("ddt_meanflow", interval: true);
        var data = Golden.Reference("ddt_meanflow");
        var u = network.AverageVelocity(weights, data["x"], data["r"], data["t"], data["y"]);
        Largest(u - data["out.f32"]).Should().BeLessThan(2e-5);
    }

    [Fact]
    public void The_central_difference_agrees_with_the_reference()
    {
        var (network, weights) = Load("ddt_meanflow", interval: true);
        var data = Golden.Reference("ddt_meanflow");
        var estimate = new CentralDifference(new(0.005, ClampEnds: false)).Evaluate(
            new NetworkVelocity(network, weights, data["y"]), data["x"], data["v"], data["r"], data["t"]).Derivative;
        var spans = (data["r"] < data["t"]).view(-1, 1, 1, 1);
        (Largest(spans * (estimate - data["fd.f32"])) / Largest(data["fd.f32"])).Should().BeLessThan(5e-4);
        (Largest(spans * (estimate - data["jvp.f32"])) / Largest(data["jvp.f32"]))
            .Should().BeLessThan(1e-2, "the difference approximates the exact derivative");
    }

    [Fact]
    public void A_mean_flow_network_that_takes_over_a_teacher_starts_as_the_teacher()
    {
        var (teacher, teacherWeights) = Load("ddt_velocity", interval: false);
        var data = Golden.Reference("ddt_velocity");
        var network = teacher.WithInterval();
        var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        weights.TakeOver(teacherWeights);
        using var quiet = no_grad();
        var r = data["t"] * 0.5;
        Largest(network.AverageVelocity(weights, data["x"], r, data["t"], data["y"]) - data["out.f32"]).Should().BeLessThan(2e-5);
    }

    [Fact]
    public void An_untrained_network_answers_zero()
    {
        var network = new DitNetwork(Sizes("ddt_meanflow"), Shape, 10, interval: true);
        var weights = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        var u = network.AverageVelocity(weights, randn(2, 16, 4, 4), zeros(2), ones(2), tensor(new long[] { 0, 10 }));
        u.abs().max().item<float>().Should().Be(0);
    }

    [Fact]
    public void The_fixed_tables_are_those_of_the_reference()
    {
        var network = new DitNetwork(Sizes("ddt_velocity"), Shape, 10, interval: false);
        var own = Weights.Initialise(network.Declare(), new RandomSource(1, CPU), CPU);
        var reference = Golden.Reference("ddt_velocity.state");
        foreach (var name in new[] { "pos_embed", "enc_feat_rope.freqs_cos", "enc_feat_rope.freqs_sin", "dec_feat_rope.freqs_cos",
            "dec_feat_rope.freqs_sin" })
            Largest(own[name] - reference[name]).Should().BeLessThan(1e-6, name);
    }

    private static (DitNetwork Network, Weights Weights) Load(string fixture, bool interval)
    {
        var network = new DitNetwork(Sizes(fixture), Shape, 10, interval);
        return (network, Weights.Load(network.Declare(), Golden.Reference(fixture + ".state"), CPU));
    }

    private static DitOptions Sizes(string fixture)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Golden.Path("reference", fixture + ".json")));
        var hyper = manifest.RootElement.GetProperty("hyper");
        int Size(string name, int part) => hyper.GetProperty(name)[part].GetInt32();
        return new(
            Size("hidden_size", 0), Size("depth", 0), Size("num_heads", 0), Size("hidden_size", 1), Size("depth", 1), Size("num_heads", 1));
    }

    private static double Largest(Tensor difference) => difference.abs().max().item<float>();
}
