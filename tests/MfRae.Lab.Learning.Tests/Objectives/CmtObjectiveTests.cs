using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

public sealed class CmtObjectiveTests
{
    [Fact]
    public void Along_a_straight_flow_every_target_is_the_teachers_velocity()
    {
        // A teacher that answers a constant: the last layer's bias, with everything before it at zero.
        var shape = new LatentShape(8, 2, 2);
        var teacher = new DitNetwork(TinyLatents.Sizes, shape, 3, interval: false);
        using var teacherWeights = Constant(teacher);
        var student = teacher.WithInterval();
        using var studentWeights = Constant(student);

        var options = new TrajectoryCmtOptions(new TrainingOptions(1, 32), TrajectoryPoints: 5, PairsPerTrajectory: 8);
        var value = new CmtObjective(
            options, student, (z, t, y) => teacher.Velocity(teacherWeights, z, t, y), TinyLatents.Batches()).Evaluate(studentWeights, 0);
        value.Loss.item<float>().Should().BeLessThan(1e-9f, "labels and denominators are the times of the trajectory itself");
    }

    private static Weights Constant(DitNetwork network)
    {
        var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        using var quiet = no_grad();
        weights["final_layer.linear.bias"].fill_(1.5);
        return weights;
    }
}
