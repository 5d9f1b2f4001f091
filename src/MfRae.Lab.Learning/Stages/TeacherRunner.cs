using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
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
                var path = context.Resolve(pretrained.Weights);
                if (NetworkFiles.LoadGenerator(path, CPU).Network.Interval)
                    throw new LabException($"{path} holds a mean-flow network where the teacher, a velocity network, is needed");
                File.Copy(path, context.File(NetworkFiles.Generator), overwrite: true);
                break;
            case OracleTeacherOptions oracle:
                OracleFiles.Save(context, oracle.Bias);
                break;
            case FlowMatchingOptions flow:
                var batches = GeneratorTraining.Batches(context, flow.Training);
                var network = new DitNetwork(flow.Network, batches.Shape, batches.Classes, interval: false);
                GeneratorTraining.Train(context, flow.Training, network, null, new FlowMatchingObjective(flow, network, batches));
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }
}
