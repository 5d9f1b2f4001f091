using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Trains a mean-flow network with λ-mixing, from CMT, from the teacher or from random weights.</summary>
internal sealed class MeanFlowRunner(MeanFlowOptions options) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var lambda = (LambdaMeanFlowOptions)options;
        using var batches = GeneratorTraining.Source(context, lambda.Training.BatchSize);
        var oracle = context.HasInput(StageInput.Teacher) ? OracleFiles.Teacher(context)?.Field : null;
        (DitNetwork Network, Weights Weights)? teacher = context.HasInput(StageInput.Teacher) && oracle is null
            ? GeneratorTraining.Load(context, StageInput.Teacher, batches, lambda.Training)
            : null;
        using var teacherWeights = teacher?.Weights;
        var start = lambda.Initialisation switch
        {
            "cmt" => GeneratorTraining.Load(context, StageInput.Cmt, batches, lambda.Training),
            "teacher" => teacher,
            _ => null,
        };
        using var startWeights = start?.Weights;
        // A network that starts from another one has its size.
        var network = new DitNetwork(start?.Network.Options ?? lambda.Network, batches.Shape, batches.Classes, interval: true);
        var velocity = teacher is { } given ? (z, t, y) => given.Network.Velocity(given.Weights, z, t, y) : oracle;
        GeneratorTraining.Train(
            context, lambda.Training, network, start?.Weights, new MeanFlowObjective(lambda, network, velocity, batches), lambda.Snapshots);
    }
}
