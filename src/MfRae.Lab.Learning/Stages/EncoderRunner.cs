using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the encoder, which is frozen from here on.</summary>
internal sealed class EncoderRunner(EncoderOptions options) : IStage
{
    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Encoder);
        switch (options)
        {
            case PretrainedEncoderOptions pretrained:
                Pretrained.Encoder(context, pretrained, path);
                break;
            case Dinov2EncoderOptions dinov2:
                Pretrained.Encoder(context, dinov2, path);
                break;
            case SelfSupervisedEncoderOptions selfSupervised:
                Train(selfSupervised, context, path);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(SelfSupervisedEncoderOptions options, StageContext context, string path)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var encoder = new VitEncoder(options.Network, data.Shape);
        using var objective = new ContrastiveObjective(options, encoder, data, context.Random(), device);
        var spec = objective.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);

        // The heads of the pre-training are not part of the encoder.
        using var encoderWeights = Weights.Initialise(encoder.Declare(), context.Random(), device);
        encoderWeights.TakeOver(trained);
        NetworkFiles.Save(path, encoder, encoderWeights);
    }
}
