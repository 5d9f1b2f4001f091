using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Consistency mid-training: a mean-flow network that starts as the teacher.</summary>
internal sealed class CmtRunner(CmtOptions options) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var trajectory = (TrajectoryCmtOptions)options;
        using var batches = GeneratorTraining.Source(context, trajectory.Training.BatchSize);
        var (teacher, teacherWeights) = GeneratorTraining.Load(context, StageInput.Teacher, batches, trajectory.Training);
        using var frozen = teacherWeights;
        var network = teacher.WithInterval();
        Tensor Velocity(Tensor z, Tensor t, Tensor y) => teacher.Velocity(frozen, z, t, y);
        GeneratorTraining.Train(
            context, trajectory.Training, network, frozen, new CmtObjective(trajectory, network, Velocity, batches));
    }
}
