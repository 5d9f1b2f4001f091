using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Against values that public implementations printed for the same matrices (Golden/reference/metrics.json).</summary>
public sealed class MetricTests
{
    [Theory]
    [InlineData("fake", "real", 0.5300085307138396, 1e-9)]
    [InlineData("small_fake", "real", 1.834951434561198, 1e-6)]
    [InlineData("small_fake", "small_real", 2.4423969719750644, 1e-6)]
    public void Frechet_distances_agree_also_where_a_covariance_is_rank_deficient(string first, string second, double expected, double tolerance)
    {
        var data = Golden.Reference("metrics");
        var distance = FrechetDistance.Between(FeatureStatistics.Of(data[first]), FeatureStatistics.Of(data[second]));
        (Math.Abs(distance - expected) / expected).Should().BeLessThan(tolerance);
    }

    [Fact]
    public void A_set_has_no_distance_to_itself()
    {
        var real = FeatureStatistics.Of(Golden.Reference("metrics")["real"]);
        FrechetDistance.Between(real, real).Should().BeApproximately(0, 1e-10);
    }

    [Theory]
    [InlineData(1, 3.8659002221330367)]
    [InlineData(10, 3.6311975770323683)]
    public void Inception_scores_agree(int splits, double expected) =>
        InceptionScore.Of(Golden.Reference("metrics")["logits"], splits).Should().BeApproximately(expected, 1e-6);

    [Fact]
    public void Probes_tell_separable_classes_from_noise()
    {
        var labels = arange(400, dtype: ScalarType.Int64).remainder(4);
        var random = new MfRae.Lab.Learning.Numerics.RandomSource(0, CPU);
        var separable = nn.functional.one_hot(labels, 6).to(ScalarType.Float32) + (0.1 * random.Normal("noise", 0, 400, 6));
        var noise = random.Normal("noise", 1, 400, 6);
        Probes.NearestNeighbours(separable, labels, separable, labels, 5).Should().Be(1);
        Probes.Linear(separable, labels, separable, labels, 100).Should().Be(1);
        Probes.NearestNeighbours(noise, labels, random.Normal("noise", 2, 400, 6), labels, 5).Should().BeLessThan(0.4);
    }

    [Fact]
    public void With_fewer_training_rows_than_neighbours_all_of_them_vote()
    {
        var labels = tensor(new long[] { 1, 1, 0 });
        var rows = eye(3);
        Probes.NearestNeighbours(rows, labels, rows, labels, 20).Should().BeApproximately(2 / 3.0, 1e-9, "the majority is class 1 everywhere");
    }
}
