using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class StageWorkTests
{
    [Fact]
    public void Many_steps_of_a_teacher_outweigh_a_short_training_and_its_samples()
    {
        var training = new TrainingOptions(200, 64);
        var meanFlow = new MeanFlowStage(new LambdaMeanFlowOptions(
            0, new DitOptions(), new UniformTimeOptions(), new CentralDifferenceOptions(), new PlainLossWeightOptions(), training));
        var few = new SamplingStage(10_000, [1], 0, 250, 0);
        var many = new SamplingStage(10_000, [1, 50], 0, 250, 0);
        StageWork.Of(many).Should().BeGreaterThan(StageWork.Of(meanFlow) + StageWork.Of(few));
    }

    [Fact]
    public void Heun_and_guidance_each_double_the_evaluations_of_a_step()
    {
        var euler = new SamplingStage(1_000, [50], 0, 250, 0);
        var work = StageWork.Of(euler) - StageWork.Of(euler with { Samples = 0 });
        var both = euler with { Solver = "heun", Guidance = new GuidanceOptions(2) };
        (StageWork.Of(both) - StageWork.Of(both with { Samples = 0 })).Should().Be(4 * work);
    }

    [Fact]
    public void Loading_weighs_less_than_training() =>
        StageWork.Of(new TeacherStage(new PretrainedTeacherOptions("teacher"))).Should().BeLessThan(
            StageWork.Of(new TeacherStage(new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(), new TrainingOptions(100)))));
}
