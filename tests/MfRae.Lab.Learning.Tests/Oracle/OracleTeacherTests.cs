using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Oracle;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class OracleTeacherTests
{
    private readonly GaussianMixture _mixture = Mixtures.Of("ring");

    [Fact]
    public void A_teacher_differs_from_the_velocity_by_its_bias()
    {
        var (z, _, t) = Mixtures.Points(_mixture, 8);
        var v = _mixture.Velocity(z, t);
        Tensor Bias(TeacherBiasOptions options)
        {
            var teacher = new OracleTeacher(_mixture, options);
            Largest(teacher.Field(Linearisation.Latent(z), t, Linearisation.Labels(z)).flatten(1) - v - teacher.Bias(z, t))
                .Should().BeLessThan(1e-12);
            return teacher.Bias(z, t);
        }
        static double Largest(Tensor difference) => difference.abs().max().item<double>();

        Largest(Bias(new NoBiasOptions())).Should().Be(0);
        Largest(Bias(new ConstantBiasOptions([0.5, -2])) - tensor(new[] { 0.5, -2 })).Should().BeLessThan(1e-12);
        Largest(Bias(new ScaledBiasOptions(-0.1)) + (0.1 * v)).Should().BeLessThan(1e-12);
        Largest(Bias(new SmoothBiasOptions(0.3, 2)) - (0.3 * (Math.PI * z).sin())).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void As_a_field_it_takes_latents_in_their_own_precision()
    {
        var (z, _, t) = Mixtures.Points(_mixture, 8);
        var teacher = new OracleTeacher(_mixture, new ScaledBiasOptions(0.2)).Field;

        var velocity = teacher(Linearisation.Latent(z).to(float32), t.to(float32), Linearisation.Labels(z));

        velocity.dtype.Should().Be(ScalarType.Float32);
        velocity.shape.Should().Equal(8, 2, 1, 1);
        (velocity.flatten(1).to(float64) - (1.2 * _mixture.Velocity(z, t))).abs().max().item<double>().Should().BeLessThan(1e-4);
    }

    [Fact]
    public void A_batch_is_a_function_of_seed_and_step()
    {
        OracleBatches Batches(long seed) => new(_mixture, 5, Mixtures.Random(seed), CPU);
        static bool Same(Tensor one, Tensor other) => (one == other).all().item<bool>();

        var (x, labels) = Batches(1).Draw(7);

        x.shape.Should().Equal(5, 2, 1, 1);
        x.dtype.Should().Be(ScalarType.Float32);
        labels.data<long>().Should().Equal(0, 0, 0, 0, 0);
        Same(x, Batches(1).Draw(7).X).Should().BeTrue();
        Same(x, Batches(1).Draw(8).X).Should().BeFalse();
        Same(x, Batches(2).Draw(7).X).Should().BeFalse();
    }
}
