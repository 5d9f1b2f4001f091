using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Sampling;

[Scoped]
public sealed class FewStepGeneratorTests
{
    [Fact]
    public void One_step_subtracts_the_average_velocity_from_noise()
    {
        using var quiet = no_grad();
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var (noise, y) = (Noise(3, 8, 2, 2), tensor(new long[] { 0, 1, 2 }));
        var expected = noise - network.AverageVelocity(weights, noise, zeros(3), ones(3), y);
        (Generator(network, weights).Sample(noise, y, 1) - expected).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void A_constant_velocity_is_followed_exactly_in_any_number_of_steps(int steps)
    {
        using var quiet = no_grad();
        var network = new DitNetwork(TinyLatents.Sizes, new LatentShape(8, 2, 2), 3, interval: false);
        var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        weights["final_layer.linear.bias"].fill_(0.5);
        var noise = Noise(2, 8, 2, 2);
        var end = Generator(network, weights).Sample(noise, zeros(2, dtype: int64), steps);
        (noise - end - 0.5).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    [Fact]
    public void Steps_follow_the_times_of_the_grid()
    {
        var seen = new List<(float R, float T)>();
        Tensor Field(Tensor z, Tensor r, Tensor t, Tensor y)
        {
            seen.Add((r[0].item<float>(), t[0].item<float>()));
            return z * 0;
        }

        IEnumerable<(float, float)> Times(SamplingGridOptions? grid, int steps)
        {
            seen.Clear();
            FewStepGenerator.MeanFlow(Field, new TimeShift(3), grid).Sample(Noise(1, 2, 1, 1), zeros(1, dtype: int64), steps);
            return seen;
        }

        Times(null, 2).Should().Equal((0.75f, 1f), (0f, 0.75f));
        Times(new ShiftedGridOptions(), 2).Should().Equal((0.75f, 1f), (0f, 0.75f));
        Times(new UniformGridOptions(), 2).Should().Equal((0.5f, 1f), (0f, 0.5f));
        Times(new TimesGridOptions([[1, 0.25, 0]]), 2).Should().Equal((0.25f, 1f), (0f, 0.25f));
        Times(new TimesGridOptions([[1, 0.25, 0]]), 1).Should().Equal((0f, 1f));
    }

    [Fact]
    public void Heun_takes_two_evaluations_a_step_and_Euler_one()
    {
        using var quiet = no_grad();
        foreach (var (solver, evaluations) in new[] { ("euler", 1), ("heun", 2) })
        {
            var calls = 0;
            var generator = FewStepGenerator.Solver(solver, (z, t, y) => { calls++; return z * 0.5; }, new TimeShift(1));
            generator.Sample(Noise(2, 8, 2, 2), zeros(2, dtype: int64), 3);
            generator.EvaluationsPerStep.Should().Be(evaluations);
            calls.Should().Be(3 * evaluations);
        }
    }

    [Fact]
    public void Times_are_shifted_and_end_where_the_grid_does()
    {
        using var quiet = no_grad();
        var seen = new List<double>();
        Tensor Field(Tensor z, Tensor t, Tensor y)
        {
            seen.Add(t[0].item<double>());
            return z * 0.5;
        }
        FewStepGenerator.Solver("heun", Field, new TimeShift(4), gridEnd: 0.2)
            .Sample(Noise(1, 8, 2, 2).to(ScalarType.Float64), zeros(1, dtype: int64), 2);
        var grid = new TimeShift(4).Grid(2, 0.2);
        seen.Should().Equal(grid[0], grid[1], grid[1], grid[2]);
    }

    [Fact]
    public void More_steps_hold_no_more_tensors()
    {
        using var quiet = no_grad();
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var generator = Generator(network, weights);
        var (noise, y) = (Noise(2, 8, 2, 2), zeros(2, dtype: int64));
        long Held(int steps)
        {
            using var batch = NewDisposeScope();
            generator.Sample(noise, y, steps);
            return batch.DisposablesCount;
        }
        Held(40).Should().Be(Held(2));
    }

    private static FewStepGenerator Generator(DitNetwork network, Weights weights) => network.Interval
        ? FewStepGenerator.MeanFlow((z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), new TimeShift(1))
        : FewStepGenerator.Solver("euler", (z, t, y) => network.Velocity(weights, z, t, y), new TimeShift(1));

    [Fact]
    public void Statistics_normalise_to_zero_mean_and_unit_variance_and_back()
    {
        using var folder = new TemporaryFolder();
        var latents = (Noise(5000, 2, 1, 2) * 3) + 1;
        LatentStatistics.Of(latents, 1e-5).Save(folder.File("s"));
        var statistics = LatentStatistics.Load(folder.File("s"));
        var normalised = statistics.Normalise(latents);
        normalised.mean([0]).abs().max().item<float>().Should().BeLessThan(1e-5f);
        (normalised.var([0], unbiased: false) - 1).abs().max().item<float>().Should().BeLessThan(1e-4f);
        (statistics.Denormalise(normalised) - latents).abs().max().item<float>().Should().BeLessThan(1e-5f);
    }

    private static Tensor Noise(params long[] shape) => new RandomSource(3, CPU).Normal("noise", 0, shape);
}
