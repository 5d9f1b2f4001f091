using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;
using TorchSharp;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>The figures of docs/method.md §7, from the shipped files and without the files that these name.</summary>
[Scoped]
public sealed class PaperSizeTests
{
    private const double Giga = 1e9;

    [Fact]
    public void ImageNet_256_costs_what_the_paper_says()
    {
        var arm = Profile("imagenet256").Single();
        var components = arm.Components.ToDictionary(component => component.Name, component => component.Cost);

        (components["generator"].Values / 1e6).Should().BeApproximately(841, 0.5);
        (components["decoder"].Values / 1e6).Should().BeApproximately(415, 0.5);
        (components["generator"].Forward.Linear / Giga).Should().BeApproximately(157, 0.2);
        (components["generator"].Forward.Total / Giga).Should().BeApproximately(162, 0.5);
        (components["decoder"].Forward.Linear / Giga).Should().BeApproximately(106, 0.6);
        var images = arm.Sampling.Where(sampling => sampling.Sampler == "generator").ToList();
        images.Select(image => image.Cost.Evaluations).Should().Equal(1, 2);
        (images[0].Cost.Image.Linear / Giga).Should().BeApproximately(263, 0.5);
        (images[1].Cost.Image.Linear / Giga).Should().BeApproximately(420, 0.5);
        arm.Latent!.Shape.Dimension.Should().Be(196_608);
        arm.Latent.TimeShift.Should().BeApproximately(6.93, 0.005);
        arm.Latent.Cache.Should().Be("none");
    }

    [Fact]
    public void ImageNet_512_costs_what_the_paper_says_in_all()
    {
        var arm = Profile("imagenet512")[0];

        var image = arm.Sampling.First(sampling => sampling.Sampler == "generator");
        (image.Cost.Image.Linear / Giga).Should().BeApproximately(1051, 1);
        (arm.Components.Single(component => component.Name == "decoder").Cost.Values / 1e6).Should().BeApproximately(416, 0.5);
        arm.Latent!.Shape.Dimension.Should().Be(786_432);
        arm.Latent.TimeShift.Should().BeApproximately(13.86, 0.005);
    }

    [Fact]
    public void Counting_makes_no_tensor()
    {
        var statistics = DisposeScopeManager.Statistics;
        var before = statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;

        Profile("imagenet256");

        statistics = DisposeScopeManager.Statistics;
        (statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount).Should().Be(before);
    }

    private static IReadOnlyList<ArmProfile> Profile(string name)
    {
        var read = ExperimentReader.Read($"Experiments/paper/{name}.json", [], AppContext.BaseDirectory, needFiles: false);
        read.Diagnostics.Should().BeEmpty();
        return Profiler.Profile(read.Experiment!, AppContext.BaseDirectory);
    }
}
