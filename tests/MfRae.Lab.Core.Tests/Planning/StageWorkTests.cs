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
        many.Work().Should().BeGreaterThan(meanFlow.Work() + few.Work());
    }

    [Fact]
    public void Heun_and_guidance_each_double_the_evaluations_of_a_step()
    {
        var euler = new SamplingStage(1_000, [50], 0, 250, 0);
        var work = euler.Work() - (euler with { Samples = 0 }).Work();
        var both = euler with { Solver = "heun", Guidance = new GuidanceOptions(2) };
        (both.Work() - (both with { Samples = 0 }).Work()).Should().Be(4 * work);
    }

    [Fact]
    public void Loading_is_less_work_than_training() =>
        new TeacherStage(new PretrainedTeacherOptions("teacher")).Work().Should().BeLessThan(
            new TeacherStage(new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(), new TrainingOptions(100))).Work());
}
