using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

[Scoped]
public sealed class FrechetExtrapolationTests
{
    private const int Width = 8;

    [Fact]
    public void The_intercept_has_lost_the_bias_and_its_interval_holds_the_truth()
    {
        using var scope = NewDisposeScope();
        var reference = FrechetReference.Of(Clouds.Truth(Width));
        var truth = reference.Distance(Clouds.Truth(Width, 0.1, 1.1));
        var (errors, biases, widths, held) = (new List<double>(), new List<double>(), new List<double>(), 0);
        for (var seed = 0; seed < 120; seed++)
        {
            using var each = NewDisposeScope();
            var samples = Clouds.Normal(seed, 600, Width, 0.1, 1.1);
            var found = FrechetExtrapolation.Of(samples, reference, 15, new Resamples(100));
            errors.Add(found.Intercept - truth);
            biases.Add(found.Distances[^1] - truth);
            widths.Add((found.Range!.Value.High - found.Range.Value.Low) / 3.92);
            held += found.Range.Value.Contains(truth) ? 1 : 0;
        }
        biases.Average().Should().BeGreaterThan(0.01, "FID of 600 samples is too high");
        Math.Abs(errors.Average()).Should().BeLessThan(0.4 * biases.Average());
        (widths.Average() / Clouds.Deviation(errors)).Should().BeInRange(0.8, 1.4);
        held.Should().BeInRange(104, 119);
    }

    [Fact]
    public void Subsets_grow_evenly_to_all_samples()
    {
        using var scope = NewDisposeScope();
        var found = FrechetExtrapolation.Of(
            Clouds.Normal(0, 500, Width, 0.2), FrechetReference.Of(Clouds.Truth(Width)), 10, new Resamples(0));
        found.Sizes.Should().HaveCount(10).And.BeInAscendingOrder();
        found.Sizes[0].Should().Be(50);
        found.Sizes[^1].Should().Be(500);
        found.Distances[^1].Should().BeApproximately(
            FrechetReference.Of(Clouds.Truth(Width)).Distance(Clouds.Normal(0, 500, Width, 0.2)), 1e-9);
        found.Range.Should().BeNull();
    }

    [Fact]
    public void Fewer_samples_than_twice_the_dimensions_are_refused()
    {
        using var scope = NewDisposeScope();
        Clouds.Refused(() => FrechetExtrapolation.Of(
                Clouds.Normal(0, 100, 60), FrechetReference.Of(Clouds.Truth(60)), 15, new Resamples(0)))
            .Message.Should().Contain("100 samples").And.Contain("at least 120");
    }
}
