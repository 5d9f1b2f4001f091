using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>FID's own network with random weights under the names of the release: what only it gives is spatial statistics.</summary>
[Scoped]
public sealed class InceptionEvaluationTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public InceptionEvaluationTests()
    {
        using var weights = Weights.Initialise(FidInception.Declare(), new RandomSource(3, CPU), CPU);
        weights.Save(_lab.At("inception.safetensors"), new Dictionary<string, string>());
        _lab.Array("samples.npz", EvaluationLab.Images(1, 5, 3));
        _lab.Array("reference.npz", EvaluationLab.Images(2, 6));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void Spatial_distance_is_that_of_the_networks_maps_and_survives_adms_layout()
    {
        var request = Request("samples.npz", "reference.npz") with { Metrics = ["fid", "sfid"] };
        var direct = _lab.Run(request).Spaces.Single();

        using var network = FeatureNetworks.Open(Choice, _lab.At(""), CPU);
        FeatureStatistics Maps(Tensor images) => FeatureStatistics.Of(network.Extract(images).Spatial!);
        var expected = FrechetDistance.Between(Maps(EvaluationLab.Images(1, 5, 3)), Maps(EvaluationLab.Images(2, 6)));
        Value(direct, "sfid").Should().BeApproximately(expected, 1e-4 * expected);

        _lab.Run(Request("reference.npz", "samples.npz") with { Metrics = ["fid"], SaveStatistics = "statistics.npz" });
        var file = TensorFile.Open(_lab.At("statistics.npz"));
        file.Tensors.Select(entry => $"{entry.Key} {string.Join('x', entry.Value.Shape)}")
            .Should().BeEquivalentTo("mu 2048", "sigma 2048x2048", "mu_s 2023", "sigma_s 2023x2023");

        var read = _lab.Run(request with { Reference = "statistics.npz" }).Spaces.Single();
        read.Reference.Layout.Should().Be("adm");
        Value(read, "fid").Should().BeApproximately(Value(direct, "fid"), 1e-6 * Value(direct, "fid"));
        Value(read, "sfid").Should().BeApproximately(Value(direct, "sfid"), 1e-6 * Value(direct, "sfid"));
    }

    [Fact]
    public void The_two_ways_to_resize_are_not_comparable()
    {
        _lab.Run(Request("reference.npz", "samples.npz") with { Metrics = ["fid"], SaveStatistics = "statistics.safetensors" });

        var other = Request("samples.npz", "statistics.safetensors") with { Features = [Choice with { Resizing = "tensorFlow" }] };
        FluentActions.Invoking(() => _lab.Run(other)).Should().Throw<IncomparableException>()
            .Which.Conflicts.Select(conflict => conflict.Field).Should().Equal("preprocessing");
    }

    private static FeatureChoice Choice => EvaluationLab.Choice(FeatureChoice.Inception, "inception.safetensors");

    private EvaluationRequest Request(string samples, string reference) => _lab.Request(samples, reference) with { Features = [Choice] };

    private static double Value(EvaluatedSpace space, string name) => space.Metrics.Single(metric => metric.Name == name).Value;
}
