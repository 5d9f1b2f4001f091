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
    public void Loading_weighs_less_than_training() =>
        StageWork.Of(new TeacherStage(new PretrainedTeacherOptions("teacher"))).Should().BeLessThan(
            StageWork.Of(new TeacherStage(new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(), new TrainingOptions(100)))));
}
