using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
public sealed class LossWeightTests
{
    [Fact]
    public void Plain_is_the_mean_squared_error() =>
        LossWeight.Apply(new PlainLossWeightOptions(), Difference()).item<float>().Should().Be((1 + 1 + 9 + 9) / 4f);

    [Fact]
    public void The_released_weight_has_the_gradient_two_over_S_times_that_of_S()
    {
        var difference = Difference().requires_grad_();
        LossWeight.Apply(new ReleasedLossWeightOptions(), difference).backward();
        // Per sample S = 2 and 18 over two elements: 2 ∇S / S = 4 e / S, halved by the mean over the batch.
        var expected = new[] { 1.0, 1.0, 1.0 / 3, 1.0 / 3 };
        difference.grad!.data<float>().ToArray().Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-3);
    }

    [Fact]
    public void The_adaptive_weight_evens_out_samples_of_large_error()
    {
        var difference = Difference().requires_grad_();
        LossWeight.Apply(new AdaptiveLossWeightOptions(Power: 1, Offset: 1), difference).backward();
        // M = 1 and 9: e / (M + 1), times 2 / (elements · batch) = 1/2.
        difference.grad!.data<float>().ToArray().Zip(new[] { 0.25, 0.25, 0.15, 0.15 })
            .Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
    }

    [Fact]
    public void MeanFlows_own_weight_is_of_the_summed_error()
    {
        var difference = Difference().requires_grad_();
        LossWeight.Apply(new AdaptiveSumLossWeightOptions(Power: 0.5, Offset: 2), difference).backward();
        // S = 2 and 18 over two elements: 2 e / sqrt(S + 2), halved by the mean over the batch.
        var expected = new[] { 0.5, 0.5, 3 / Math.Sqrt(20), 3 / Math.Sqrt(20) };
        difference.grad!.data<float>().ToArray().Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_adaptive_weight_of_the_mean_does_not_depend_on_the_size_of_the_latent(int copies)
    {
        var options = new AdaptiveLossWeightOptions();
        var larger = Difference().repeat(1, 1, copies, 1);
        LossWeight.Apply(options, larger).item<float>().Should().BeApproximately(LossWeight.Apply(options, Difference()).item<float>(), 1e-6f);
    }

    [Fact]
    public void The_Cauchy_weight_has_the_gradient_of_the_adaptive_weight_of_power_one_and_a_value_that_follows_the_error()
    {
        var (cauchy, adaptive) = (Difference().requires_grad_(), Difference().requires_grad_());
        LossWeight.Apply(new CauchyLossWeightOptions(0.5), cauchy).backward();
        LossWeight.Apply(new AdaptiveLossWeightOptions(1, 0.5), adaptive).backward();
        (cauchy.grad! - adaptive.grad!).abs().max().item<float>().Should().BeLessThan(1e-6f);
        // log(1 + M / c) with M = 1 and 9.
        LossWeight.Apply(new CauchyLossWeightOptions(0.5), Difference()).item<float>()
            .Should().BeApproximately((float)((Math.Log(3) + Math.Log(19)) / 2), 1e-6f);
    }

    private static Tensor Difference() => tensor(new float[] { 1, 1, 3, 3 }, [2, 1, 1, 2]);
}
