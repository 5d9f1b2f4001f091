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
    public void The_baseline_in_the_space_of_the_SD_VAE_costs_what_the_paper_says()
    {
        var arms = Profile("imagenet256-sdvae").ToDictionary(arm => arm.Arm);
        var (baseline, rae) = (arms["space=sdvae,velocity=mfd"], arms["space=rae,velocity=mfd"]);
        var components = baseline.Components.ToDictionary(component => component.Name, component => component.Cost);

        (components["generator"].Forward.Linear / Giga).Should().BeApproximately(114, 0.5);
        (components["decoder"].Forward.Linear / Giga).Should().BeApproximately(310, 0.5);
        (components["encoder"].Parameters + components["decoder"].Parameters).Should().Be(83_653_863);
        Images(baseline)[0].Should().BeApproximately(424, 0.5);
        // The paper adds 114 + 114 + 310 = 538; the unrounded sum is 538.8.
        Images(baseline)[1].Should().BeApproximately(538, 1);
        ((Images(rae)[0] / Images(baseline)[0]) - 1).Should().BeApproximately(-0.38, 0.005);
        ((Images(rae)[1] / Images(baseline)[1]) - 1).Should().BeApproximately(-0.22, 0.005);
        baseline.Latent!.Shape.Dimension.Should().Be(4096);
        baseline.Latent.TimeShift.Should().Be(1);

        static List<double> Images(ArmProfile arm) =>
            [.. arm.Sampling.Where(sampling => sampling.Sampler == "generator").Select(sampling => sampling.Cost.Image.Linear / Giga)];
    }

    [Fact]
    public void The_arms_of_the_comparison_of_latent_spaces_have_equal_training_operations()
    {
        var read = ExperimentReader.Read("Experiments/ablation-latent.json", [], AppContext.BaseDirectory, needFiles: false);
        read.Diagnostics.Should().BeEmpty();
        var operations = Profiler.Profile(read.Experiment!, AppContext.BaseDirectory)
            .Select(arm => arm.Training.Where(training => training.Stage != "encoder").Sum(training => training.Steps * training.Step.Total)).ToList();

        operations.Should().HaveCount(6);
        (operations.Max() / operations.Min()).Should().BeLessThan(1.005);
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
