using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
public sealed class CmtObjectiveTests
{
    private static readonly TrajectoryCmtOptions Options = new(new TrainingOptions(1, 32), TrajectoryPoints: 5, PairsPerTrajectory: 8);

    [Theory]
    [InlineData(0)]
    [InlineData(0.001)]
    public void Along_a_straight_flow_every_target_is_the_teachers_velocity(double gridEnd) =>
        Loss(Options with { GridEnd = gridEnd }).Should().BeLessThan(1e-9f, "labels and denominators are the times of the trajectory");

    [Fact]
    public void Equal_labels_of_a_grid_of_other_times_make_targets_that_are_not_the_teachers_velocity()
    {
        // Without a time shift the trajectory has equal steps: they differ from the labels by where they end.
        Loss(Options with { Labels = "uniform", GridEnd = 0.3 }).Should().BeApproximately(1.5f * 1.5f * 0.3f * 0.3f, 1e-4f);
        Loss(Options with { Labels = "uniform" }).Should().BeLessThan(1e-9f);
    }

    [Fact]
    public void Released_labels_of_a_shifted_grid_are_the_equal_steps()
    {
        var times = TrajectoryTimes.Of(Options with { Labels = "uniform", GridEnd = 0.001 }, new TimeShift(4));
        times.Grid.Should().Equal(new TimeShift(4).Grid(4, 0.001));
        times.Labels.Should().Equal(1, 0.75, 0.5, 0.25, 0);
        TrajectoryTimes.Of(Options, new TimeShift(4)).Labels.Should().Equal(new TimeShift(4).Grid(4));
    }

    [Fact]
    public void A_guided_teacher_makes_other_trajectories()
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        float Of(double? scale) => new CmtObjective(
            Options with { Guidance = scale is { } given ? new GuidanceOptions(given) : null }, network, TinyLatents.Teacher(2),
            TinyLatents.Batches()).Evaluate(weights, 0).Loss.item<float>();
        Of(3).Should().NotBe(Of(null));
        Of(1).Should().BeApproximately(Of(null), 1e-5f);
    }

    [Fact]
    public void It_works_in_float64_and_comes_to_the_same()
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var (_, wide) = TinyLatents.Network(interval: true, 1, ScalarType.Float64);
        var narrow = new CmtObjective(Options, network, TinyLatents.Teacher(2), TinyLatents.Batches()).Evaluate(weights, 0).Loss;
        var loss = new CmtObjective(Options, network, TinyLatents.Teacher(2, ScalarType.Float64), TinyLatents.Batches())
            .Evaluate(wide, 0).Loss;
        loss.dtype.Should().Be(ScalarType.Float64);
        loss.item<double>().Should().BeApproximately(narrow.item<float>(), 1e-5);
    }

    // A teacher and a student that answer a constant: the last layer's bias, with everything before it at zero.
    private static float Loss(TrajectoryCmtOptions options)
    {
        var teacher = new DitNetwork(TinyLatents.Sizes, new LatentShape(8, 2, 2), 3, interval: false);
        using var teacherWeights = Constant(teacher);
        var student = teacher.WithInterval();
        using var studentWeights = Constant(student);
        return new CmtObjective(options, student, (z, t, y) => teacher.Velocity(teacherWeights, z, t, y), TinyLatents.Batches())
            .Evaluate(studentWeights, 0).Loss.item<float>();
    }

    private static Weights Constant(GeneratorNetwork network)
    {
        var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        using var quiet = no_grad();
        weights["final_layer.linear.bias"].fill_(1.5);
        return weights;
    }
}
