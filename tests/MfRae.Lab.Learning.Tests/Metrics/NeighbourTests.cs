using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Blocks in float32 with second looks, against all differences in float64.</summary>
[Scoped]
public sealed class NeighbourTests
{
    private const int Width = 24;

    // Sums of 24 squares in float64, in an order that depends on the processor; distances are below 1,000.
    private const double Rounding = 1e-11;

    public static TheoryData<string> Kinds => ["plain", "offset", "collapsed", "repeated", "grid", "double"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_decision_is_that_of_exact_distances(string kind)
    {
        using var scope = NewDisposeScope();
        var (samples, reference) = (Features(kind, 0, 90), Features(kind, 1, 70));
        var found = new NeighbourReference(reference).Scores(samples, 3, 5);

        var (wide, others) = (samples.to(float64), reference.to(float64));
        var distances = Differences(wide, others);
        var (radii3, radii5, own) = (Radii(others, 3), Radii(others, 5), Radii(wide, 3));
        found.Precision.Should().Equal(distances.le(radii3).any(1).to(float64).data<double>());
        found.Density.Should().Equal((distances.le(radii5).sum(1).to(float64) / 5).data<double>());
        found.Recall.Should().Be(distances.le(own.unsqueeze(1)).any(0).to(float64).mean().item<double>());
        found.Coverage.Should().Be(distances.le(radii5).any(0).to(float64).mean().item<double>());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nearest_rows_are_those_of_exact_distances(string kind)
    {
        using var scope = NewDisposeScope();
        var (samples, reference) = (Features(kind, 0, 50), Features(kind, 1, 70));
        var found = NearestRows.Of(samples, reference, 3);

        var distances = Differences(samples.to(float64), reference.to(float64));
        var (expected, _) = distances.sort(1);
        (found.Squared - expected.slice(1, 0, 3, 1)).abs().max().item<double>().Should().BeLessThan(Rounding);
        (distances.gather(1, found.Indices) - found.Squared).abs().max().item<double>().Should().BeLessThan(Rounding);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nearest_distances_are_exact_distances(string kind)
    {
        using var scope = NewDisposeScope();
        var (samples, reference) = (Features(kind, 0, 50), Features(kind, 1, 70));

        var (expected, _) = Differences(samples.to(float64), reference.to(float64)).min(1);
        (new NearestDistances(reference).Of(samples).square() - expected).abs().max().item<double>().Should().BeLessThan(Rounding);
    }

    // Few leading directions, as in the features of a network, and more dimensions than the search projects to.
    [Theory]
    [InlineData(8)]
    [InlineData(80)]
    public void Nearest_distances_of_many_rows_are_those_of_the_search_over_all_dimensions(int rank)
    {
        using var scope = NewDisposeScope();
        const int width = 80;
        Tensor Rows(string purpose, long count) => new RandomSource(0, CPU).Normal(purpose, 0, count, rank).mm(new RandomSource(0, CPU).Normal("mixing", 0, rank, width))
            + 5 + (new RandomSource(1, CPU).Normal(purpose, 0, count, width) * 0.1);
        var (samples, reference) = (Rows("samples", 700), Rows("reference", 3000));

        (new NearestDistances(reference).Of(samples).square() - NearestRows.Of(samples, reference, 1).Squared.flatten()).abs().max()
            .item<double>().Should().BeLessThan(Rounding);
    }

    // More rows than a block of products, and many times the number of rows that are visited together.
    [Fact]
    public void Blocks_and_their_parts_join_without_a_seam()
    {
        using var scope = NewDisposeScope();
        var (samples, reference) = (Clouds.Normal(0, 3100, 3, 0.5), Clouds.Normal(1, 3000, 3));
        var found = new NeighbourReference(reference).Scores(samples, 3, 3);
        var nearest = NearestRows.Of(samples, reference, 1);

        var (wide, others) = (samples.to(float64), reference.to(float64));
        var distances = Differences(wide, others);
        found.Precision.Should().Equal(distances.le(Radii(others, 3)).any(1).to(float64).data<double>());
        var own = distances.le(Radii(wide, 3).unsqueeze(1));
        found.Recall.Should().Be(own.any(0).to(float64).mean().item<double>());
        var alone = own.logical_and(own.sum([0]).eq(1)).sum(1).to(float64);
        found.RecallInfluences.Zip(alone.data<double>().ToArray(), (one, other) => Math.Abs(one - (other * 3100 / 3000))).Max()
            .Should().BeLessThan(1e-9);
        (nearest.Squared.flatten() - distances.amin([1])).abs().max().item<double>().Should().BeLessThan(Rounding);
    }

    // The only sample in a ball takes the ball with it.
    [Fact]
    public void Influences_on_coverage_are_what_it_loses_without_a_sample()
    {
        using var scope = NewDisposeScope();
        var (samples, others) = (Features("plain", 0, 40), Features("plain", 1, 60));
        var reference = new NeighbourReference(others);
        var found = reference.Scores(samples, 3, 5);
        found.CoverageInfluences.Should().Contain(value => value > 0);
        for (var i = 0; i < 40; i++)
        {
            var without = reference.Scores(cat([samples.slice(0, 0, i, 1), samples.slice(0, i + 1, 40, 1)], 0), 3, 5);
            (found.CoverageInfluences[i] / 40).Should().BeApproximately(found.Coverage - without.Coverage, 1e-12, "sample {0}", i);
        }
    }

    // Dropping a sample moves an average of N by its influence over N - 1.
    [Fact]
    public void Influences_on_the_kernel_distance_are_what_it_loses_without_a_sample()
    {
        using var scope = NewDisposeScope();
        var (samples, others) = (Features("plain", 0, 200), Features("plain", 1, 60));
        var found = new NeighbourReference(others).Scores(samples, 3, 5).KernelInfluences;
        var whole = KernelDistance.Between(samples, others);
        double[] expected = [.. Enumerable.Range(0, 200).Select(i =>
            199 * (whole - KernelDistance.Between(cat([samples.slice(0, 0, i, 1), samples.slice(0, i + 1, 200, 1)], 0), others)))];

        var mean = expected.Average();
        var scale = Clouds.Deviation(expected);
        found.Zip(expected, (one, other) => Math.Abs(one - (other - mean))).Max().Should().BeLessThan(0.02 * scale);
    }

    [Fact]
    public void A_sample_among_the_reference_is_inside_and_covers()
    {
        using var scope = NewDisposeScope();
        var features = Features("plain", 0, 40);
        var scores = new NeighbourReference(features).Scores(features, 3, 5);
        scores.Precision.Should().OnlyContain(value => value == 1);
        scores.Recall.Should().Be(1);
        scores.Coverage.Should().Be(1);
        scores.Density.Average().Should().BeApproximately(1 + (1.0 / 5), 0.02, "each lies in k balls of others and in its own");
    }

    [Fact]
    public void Too_few_rows_and_damaged_ones_are_refused()
    {
        using var scope = NewDisposeScope();
        var reference = new NeighbourReference(Clouds.Normal(0, 4, 3));
        Clouds.Refused(() => reference.Scores(Clouds.Normal(1, 9, 3), 3, 5)).Message.Should().Contain("4 images").And.Contain("5 others");
        Clouds.Refused(() => reference.Scores(Clouds.Normal(1, 3, 3), 3, 3)).Message.Should().Contain("3 samples");
        Clouds.Refused(() => reference.Scores(Clouds.Normal(1, 9, 2), 3, 3)).Message.Should().Contain("2 dimensions");
        Clouds.Refused(() => new NeighbourReference(zeros(0, 3))).Message.Should().Contain("[0, 3]");
        Clouds.Refused(() => new NeighbourReference(ones(4, 3) / 0)).Message.Should().Contain("not finite");
        Clouds.Refused(() => NearestRows.Of(ones(4, 3), ones(2, 3), 3)).Message.Should().Contain("2 images");
    }

    private static Tensor Features(string kind, int seed, long count) => kind switch
    {
        "plain" => Clouds.Normal(seed, count, Width),
        // float32 products are of the size of a million, their differences of about ten.
        "offset" => Clouds.Normal(seed, count, Width) + 200,
        // A generator that makes one image, or nearly.
        "collapsed" => (Clouds.Normal(seed, count, Width) * (seed == 0 ? 1e-4 : 1)) + 1,
        "repeated" => Clouds.Normal(0, 8, Width).repeat((count / 8) + 1, 1).slice(0, 0, count, 1),
        // Few different distances: nearly all decisions are ties.
        "grid" => new RandomSource(seed, CPU).Integers("grid", 0, 2, count, Width).to(float32),
        "double" => Clouds.Normal(seed, count, Width).to(float64) + (1e-9 * Clouds.Normal(seed + 7, count, Width).to(float64)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Tensor Differences(Tensor rows, Tensor others)
    {
        var distances = empty(rows.shape[0], others.shape[0], dtype: float64);
        for (var i = 0; i < rows.shape[0]; i++)
        {
            using var scope = NewDisposeScope();
            distances[i].copy_((rows[i] - others).square().sum([1]));
        }
        return distances;
    }

    private static Tensor Radii(Tensor features, int neighbours)
    {
        var distances = Differences(features, features);
        distances.diagonal().fill_(double.PositiveInfinity);
        var (sorted, _) = distances.sort(1);
        return sorted.select(1, neighbours - 1);
    }
}
