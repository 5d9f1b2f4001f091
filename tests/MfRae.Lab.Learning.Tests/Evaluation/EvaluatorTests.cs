using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _samples = EvaluationLab.Images(1, 70);
    private readonly Tensor _reference = EvaluationLab.Images(2, 90);

    public EvaluatorTests()
    {
        _lab.Array("samples.npz", _samples, arange(70, dtype: int64).remainder(3));
        _lab.Array("reference.npz", _reference);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void Fid_is_that_of_the_networks_features()
    {
        var space = _lab.Run("samples.npz", "reference.npz").Spaces.Single();

        using var network = FeatureNetworks.Open(EvaluationLab.Choice("embedded"), _lab.At(""), CPU);
        var expected = FrechetDistance.Between(
            FeatureStatistics.Of(network.Extract(_samples).Features), FeatureStatistics.Of(network.Extract(_reference).Features));
        Value(space, "fid").Should().BeApproximately(expected, 1e-6 * expected);
        space.Identity.Preprocessing.Should().Be("uint8, 12x12, [-1, 1]");
        space.Reference.Count.Should().Be(90);
    }

    [Fact]
    public void The_same_request_gives_the_same_numbers_with_the_cache_and_without()
    {
        var first = Values(_lab.Run("samples.npz", "reference.npz"));
        var cached = Values(_lab.Run("samples.npz", "reference.npz"));
        var fresh = Values(_lab.Run(_lab.Request("samples.npz", "reference.npz") with { Cache = null }));

        cached.Should().Equal(first);
        fresh.Should().Equal(first);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(500)]
    public void How_many_images_go_at_a_time_changes_no_more_than_rounding(int batch)
    {
        var usual = Values(_lab.Run("samples.npz", "reference.npz"));
        var other = Values(_lab.Run(_lab.Request("samples.npz", "reference.npz") with { Batch = batch, Cache = null }));

        other.Should().HaveSameCount(usual);
        foreach (var (one, two) in usual.Zip(other))
            two.Value.Should().BeApproximately(one.Value, 1e-6 * Math.Abs(one.Value), one.Name);
    }

    [Fact]
    public void A_folder_of_the_same_images_gives_the_same_numbers()
    {
        _lab.Folder("samples", _samples);

        Values(_lab.Run("samples", "reference.npz")).Single(value => value.Name == "fid")
            .Should().Be(Values(_lab.Run("samples.npz", "reference.npz")).Single(value => value.Name == "fid"));
    }

    [Fact]
    public void What_cannot_be_computed_is_said()
    {
        var space = _lab.Run("reference.npz", "samples.npz").Spaces.Single();

        space.Skipped.Should().Contain(new SkippedMetric("accuracy", "the samples have no classes"));
        FluentActions.Invoking(() => _lab.Run(_lab.Request("reference.npz", "samples.npz") with { Metrics = ["accuracy"] }))
            .Should().Throw<RequestException>().WithMessage("accuracy*no classes");
    }

    [Fact]
    public void Two_networks_give_two_sets_of_numbers_each_with_its_identity()
    {
        var other = new InceptionNetwork(6, 3);
        using (var weights = Weights.Initialise(other.Declare(), new(9, CPU), CPU))
            weights.Save(_lab.At("other.safetensors"), NetworkMetadata.Of(other));
        var request = _lab.Request("samples.npz", "reference.npz") with
        {
            Features = [EvaluationLab.Choice("embedded"), EvaluationLab.Choice("other.safetensors")],
        };

        var spaces = _lab.Run(request).Spaces;

        spaces.Select(space => space.Width).Should().Equal(32, 48);
        spaces.Select(space => space.Identity.Extractor).Should().OnlyHaveUniqueItems();
        Value(spaces[0], "fid").Should().NotBe(Value(spaces[1], "fid"));
    }

    [Fact]
    public void A_ladder_of_corruption_rises()
    {
        var ladder = _lab.Run(_lab.Request("samples.npz", "reference.npz") with { Ladder = true }).Spaces.Single().Ladder!;

        ladder.Images.Should().Be(90);
        ladder.Rungs.Where(rung => rung.Level == 0).Should().OnlyContain(rung => Math.Abs(rung.Fid) < 1e-6);
        ladder.Rungs.Select(rung => rung.Kind).Distinct().Should().Equal("noise", "blur");
        ladder.IsMonotone.Should().BeTrue();
        (ladder with { Rungs = [new("noise", 0, 1), new("noise", 10, 1)] }).IsMonotone.Should().BeFalse();
    }

    private static List<(string Name, double Value)> Values(EvaluationResult result) =>
        [.. result.Spaces.SelectMany(space => space.Metrics).Select(metric => (metric.Name, metric.Value))];

    private static double Value(EvaluatedSpace space, string name) => space.Metrics.Single(metric => metric.Name == name).Value;
}
