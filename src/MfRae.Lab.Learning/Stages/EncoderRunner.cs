using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
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
                NetworkFiles.LoadEncoder(context.Resolve(pretrained.Weights), CPU);
                File.Copy(context.Resolve(pretrained.Weights), path, overwrite: true);
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
        var device = context.Device();
        using var data = LabeledImages.Load(Path.Combine(context.Input(StageInput.Dataset), "train.safetensors"));
        var encoder = new VitEncoder(options.Network);
        var objective = new ContrastiveObjective(options, encoder, data, context.Random(), device);
        var spec = objective.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);

        // The heads of the pre-training are not part of the encoder.
        using var encoderWeights = Weights.Initialise(encoder.Declare(), context.Random(), device);
        encoderWeights.TakeOver(trained);
        NetworkFiles.Save(path, encoder, encoderWeights);
    }
}
