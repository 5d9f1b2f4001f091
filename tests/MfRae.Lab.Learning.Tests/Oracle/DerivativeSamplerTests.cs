using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Oracle;
using MfRae.Lab.Learning.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class DerivativeSamplerTests
{
    private static readonly DerivativeErrorOptions Options = new(new JvpOptions(), new UniformTimeOptions(), []);

    [Fact]
    public void Every_point_spans_an_interval_and_early_points_lie_near_the_data()
    {
        using var scope = NewDisposeScope();
        var sampler = new DerivativeSampler(Options, TinyLatents.Batches(), TinyLatents.Teacher(2));

        var (usual, early) = (sampler.Draw(0), sampler.DrawEarly(0)!);

        usual.T.shape.Should().Equal(TinyLatents.Batch);
        usual.Z.shape.Should().Equal(TinyLatents.Batch, 8, 2, 2);
        (usual.R < usual.T).all().item<bool>().Should().BeTrue();
        (early.R < early.T).all().item<bool>().Should().BeTrue();
        early.T.max().item<float>().Should().BeLessThan(0.1f);
        early.T.shape.Should().Equal(TinyLatents.Batch);
    }

    [Fact]
    public void Times_that_are_never_early_give_no_early_points()
    {
        using var scope = NewDisposeScope();
        var late = Options with { Time = new LogitNormalTimeOptions(Mean: 9, Deviation: 0.01) };

        new DerivativeSampler(late, TinyLatents.Batches(), null).DrawEarly(0).Should().BeNull();
    }

    [Fact]
    public void The_direction_is_the_teachers_velocity_as_far_as_lambda_says()
    {
        using var scope = NewDisposeScope();
        Tensor Direction(double lambda) =>
            new DerivativeSampler(Options with { Lambda = lambda }, TinyLatents.Batches(), (z, _, _) => full_like(z, 3)).Draw(0).W;

        (Direction(1) == 3).all().item<bool>().Should().BeTrue();
        (Direction(0.5) - ((Direction(0) + 3) / 2)).abs().max().item<float>().Should().BeLessThan(1e-5f);
        Direction(0).std().item<float>().Should().BeGreaterThan(1);
    }

    [Fact]
    public void Probes_see_the_labels_of_the_main_evaluation_unless_dropout_is_not_shared()
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<Tensor> Labels(bool shared) => new DerivativeSampler(
            Options with { Derivative = new CentralDifferenceOptions(SharedDropout: shared), LabelDropout = 0.5 },
            TinyLatents.Batches(), null).Draw(0).Y;

        Labels(true).Should().HaveCount(3);
        (Labels(true)[0] == Labels(true)[2]).all().item<bool>().Should().BeTrue();
        (Labels(false)[1] == Labels(false)[2]).all().item<bool>().Should().BeFalse();
    }
}
