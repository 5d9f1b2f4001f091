using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

[Scoped]
public sealed class FrechetReferenceTests
{
    // Rows of samples and reference, of 12 dimensions: each way in which one side or both may leave directions empty.
    [Theory]
    [InlineData(40, 50)]
    [InlineData(8, 50)]
    [InlineData(40, 8)]
    [InlineData(7, 9)]
    [InlineData(9, 7)]
    [InlineData(12, 12)]
    [InlineData(13, 13)]
    [InlineData(2, 2)]
    public void All_routes_lead_to_the_same_distance(int count, int referenceCount)
    {
        using var scope = NewDisposeScope();
        var (samples, others) = (Clouds.Normal(0, count, 12, 0.3), Clouds.Normal(1, referenceCount, 12));
        var expected = FrechetDistance.BetweenFeatures(samples, others);
        var (ofRows, ofStatistics) = (FrechetReference.OfFeatures(others), FrechetReference.Of(FeatureStatistics.Of(others)));

        foreach (var reference in new[] { ofRows, ofStatistics })
        {
            reference.Distance(samples).Should().BeApproximately(expected, 1e-9 * expected);
            reference.Distance(FeatureStatistics.Of(samples)).Should().BeApproximately(expected, 1e-9 * expected);
            reference.Estimate(samples).Distance.Should().BeApproximately(expected, 1e-9 * expected);
        }
    }

    // With the weight (1 + ε) / N for sample i, mean and covariance change by the formula to first order.
    [Theory]
    [InlineData(30, 40)]
    [InlineData(30, 5)]
    [InlineData(6, 40)]
    public void Influences_are_derivatives_by_the_weight_of_a_sample(int count, int referenceCount)
    {
        using var scope = NewDisposeScope();
        var (samples, others) = (Clouds.Normal(0, count, 8, 0.3).to(float64), Clouds.Normal(1, referenceCount, 8).to(float64));
        var found = FrechetReference.OfFeatures(others).Estimate(samples).Influences;

        found.Sum().Should().BeApproximately(0, 1e-9);
        const double Step = 1e-5;
        for (var i = 0; i < count; i++)
        {
            var slope = (Weighted(samples, others, i, Step) - Weighted(samples, others, i, -Step)) / (2 * Step);
            (found[i] / count).Should().BeApproximately(slope, 1e-6, "sample {0}", i);
        }
    }

    [Fact]
    public void Repeated_and_constant_images_are_no_obstacle()
    {
        using var scope = NewDisposeScope();
        var few = Clouds.Normal(0, 5, 12, 0.3);
        var repeated = cat([few, few], 0);
        var others = Clouds.Normal(1, 50, 12);
        var expected = FrechetDistance.BetweenFeatures(repeated, others);
        FrechetReference.Of(FeatureStatistics.Of(others)).Estimate(repeated).Distance.Should().BeApproximately(expected, 1e-9 * expected);

        var constant = ones(20, 12);
        var estimate = FrechetReference.Of(FeatureStatistics.Of(constant)).Estimate(Clouds.Normal(2, 30, 12));
        estimate.Distance.Should().BeGreaterThan(0);
        estimate.Influences.Should().OnlyContain(value => double.IsFinite(value));
        FrechetReference.Of(FeatureStatistics.Of(others)).Estimate(constant).Influences.Should().OnlyContain(value => Math.Abs(value) < 1e-9);
    }

    [Fact]
    public void Other_dimensions_are_refused()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.OfFeatures(Clouds.Normal(0, 9, 4));
        Clouds.Refused(() => reference.Distance(Clouds.Normal(1, 9, 3))).Message.Should().Contain("3 dimensions").And.Contain("of 4");
        Clouds.Refused(() => reference.Distance(Clouds.Truth(3))).Message.Should().Contain("3 dimensions");
        Clouds.Refused(() => reference.Estimate(Clouds.Normal(1, 1, 4))).Message.Should().Contain("at least two");
    }

    // Rounding leaves ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) on either side of zero.
    [Theory]
    [InlineData(6, 20)]
    [InlineData(40, 20)]
    [InlineData(400, 20)]
    public void A_set_is_at_no_negative_distance_from_itself(int count, int width)
    {
        using var scope = NewDisposeScope();
        for (var seed = 0; seed < 20; seed++)
        {
            using var each = NewDisposeScope();
            var features = Clouds.Normal(seed, count, width, shift: 3);
            var (statistics, reference) = (FeatureStatistics.Of(features), FrechetReference.OfFeatures(features));
            double[] distances =
            [
                reference.Distance(features), reference.Distance(statistics), reference.Estimate(features).Distance,
                FrechetReference.Of(statistics).Distance(statistics), FrechetReference.Of(statistics).Estimate(features).Distance,
                FrechetDistance.Between(statistics, statistics), FrechetDistance.BetweenFeatures(features, features),
            ];
            distances.Should().OnlyContain(distance => distance >= 0 && distance < 1e-6);
        }
    }

    // Divided by N - 1 as the lab's statistics are, with the weights' sum kept.
    private static double Weighted(Tensor samples, Tensor others, int row, double step)
    {
        using var scope = NewDisposeScope();
        var count = samples.shape[0];
        var weights = ones(count, dtype: float64);
        weights[row] = 1 + step;
        weights /= weights.sum();
        var mean = weights.unsqueeze(0).mm(samples).squeeze(0);
        var centred = (samples - mean) * weights.sqrt().unsqueeze(1) * Math.Sqrt(count / (count - 1.0));
        var otherMean = others.mean([0]);
        var otherCentred = (others - otherMean) / Math.Sqrt(others.shape[0] - 1);
        var cross = linalg.svdvals(centred.mm(otherCentred.t())).sum();
        return ((mean - otherMean).square().sum() + centred.square().sum() + otherCentred.square().sum() - (2 * cross)).item<double>();
    }
}
