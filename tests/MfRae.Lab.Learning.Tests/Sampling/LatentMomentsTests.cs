using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Sampling;

[Scoped]
public sealed class LatentMomentsTests
{
    [Fact]
    public void Batches_of_any_size_have_the_moments_of_all_their_latents_together()
    {
        using var scope = NewDisposeScope();
        // A mean of a thousand deviations: sums of squares would lose six digits to it.
        var latents = (randn([50, 3, 2, 2], generator: new Generator(4, CPU)) * 0.5) + 500;
        var moments = new LatentMoments(new LatentShape(3, 2, 2));
        foreach (var (start, end) in new[] { (0, 1), (1, 20), (20, 23), (23, 50) })
            moments.Add(latents.slice(0, start, end, 1));

        var (expected, found) = (LatentStatistics.Of(latents, 1e-5), moments.Statistics(1e-5));

        (found.Mean - expected.Mean).abs().max().item<float>().Should().BeLessThan(1e-4f);
        ((found.Variance - expected.Variance) / expected.Variance).abs().max().item<float>().Should().BeLessThan(1e-6f);
        found.Epsilon.Should().Be(1e-5);
    }
}
