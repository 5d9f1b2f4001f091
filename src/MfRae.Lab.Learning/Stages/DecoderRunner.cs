using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the RAE decoder.</summary>
internal sealed class DecoderRunner(DecoderOptions options) : IStage
{
    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Decoder);
        switch (options)
        {
            case PretrainedDecoderOptions pretrained:
                Pretrained.Decoder(context, pretrained, path);
                break;
            case RaeDecoderOptions rae:
                Train(rae, context, path);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(RaeDecoderOptions options, StageContext context, string path)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var (encoder, encoderWeights) = NetworkFiles.LoadEncoder(context, data.Shape);
        using var frozen = encoderWeights;
        var decoder = new RaeDecoder(options.Network, encoder.Shape, data.Shape);
        var spec = decoder.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var objective = new ReconstructionObjective(options, decoder, encoder, frozen, data, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);
        NetworkFiles.Save(path, decoder, trained);
    }
}
