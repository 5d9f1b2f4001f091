using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the flow-matching teacher v_φ.</summary>
internal sealed class TeacherRunner(TeacherOptions options) : IStage
{
    public void Run(StageContext context)
    {
        switch (options)
        {
            case PretrainedTeacherOptions pretrained:
                Pretrained.Teacher(context, pretrained, context.File(NetworkFiles.Generator));
                break;
            case OracleTeacherOptions oracle:
                OracleFiles.Save(context, oracle.Bias);
                break;
            case FlowMatchingOptions flow:
                Train(flow, context);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(FlowMatchingOptions options, StageContext context)
    {
        using var scope = NewDisposeScope();
        using var batches = GeneratorTraining.Source(context, options.Training.BatchSize);
        var network = new DitNetwork(options.Network, batches.Shape, batches.Classes, interval: false);
        GeneratorTraining.Train(context, options.Training, network, null, new FlowMatchingObjective(options, network, batches));
    }
}
