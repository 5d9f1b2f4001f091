using MfRae.Lab.Core;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Profiling;

[Scoped]
public sealed class DeviceSelfTestTests
{
    // The timed parts at sizes that cost nothing here; the compared parts are those of a GPU.
    private static readonly SelfTestSizes Small = new(1 << 20, 96, 128, Batch: 6, Repeats: 1, LargeBatch: 1)
    {
        Large = new(TrunkWidth: 64, TrunkDepth: 1, TrunkHeads: 4, HeadWidth: 8, HeadDepth: 1, HeadHeads: 1),
        LargeShape = new LatentShape(8, 4, 4),
    };

    [Fact]
    public void On_the_CPU_every_check_passes_or_is_skipped_with_its_reason()
    {
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        var found = new DeviceSelfTest(CPU, Small, TimeProvider.System).Run().ToList();

        found.Where(check => check.Result == DeviceCheck.Failed).Should().BeEmpty();
        found.Where(check => check.Result == "passed").Should().OnlyContain(check => check.Value <= check.Limit);
        found.Where(check => check.Result == "skipped").Select(check => check.Check)
            .Should().Equal("matrix product, tf32", "speed of matrix products, tf32");
        found.Where(check => check.Result == "skipped").Should().OnlyContain(check => check.Reason!.Contains("CUDA"));
        found.Where(check => check.Result == "measured").Should().OnlyContain(check => check.Value > 0);
        foreach (var kind in SelfTestStep.Kinds)
            found.Should().ContainSingle(check => check.Check == $"training step, {kind}");
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void Every_gradient_is_of_ordinary_size_so_that_a_comparison_means_something()
    {
        foreach (var kind in SelfTestStep.Kinds)
        {
            using var step = SelfTestStep.Create(kind, Small.Small, Small.SmallShape, Small.Batch, CPU);
            var (loss, gradient) = step.Evaluate(0);

            loss.Should().BeGreaterThan(1e-3, kind);
            gradient.norm().item<float>().Should().BeGreaterThan(1e-3f, kind);
            gradient.ne(0).to(float32).mean().item<float>().Should().BeGreaterThan(0.5f, $"most weights of {kind} take part");
        }
    }

    [Fact]
    public void The_version_of_libtorch_that_a_folder_must_have_is_that_of_the_bindings() =>
        __version__.Should().StartWith(LibTorchFolder.NeededVersion + ".");
}

/// <summary>Checks that need a GPU. Select or leave them out with `--filter Category=Gpu`.</summary>
[Trait("Category", "Gpu")]
[Scoped]
public sealed class GpuTests
{
    [Fact]
    public void A_GPU_computes_the_numbers_of_the_CPU()
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a build with CUDA (README.md, GPU and cluster)");

        new DeviceSelfTest(CUDA, SelfTestSizes.Cpu, TimeProvider.System).Run()
            .Where(check => check.Result == DeviceCheck.Failed).Should().BeEmpty();
    }
}
