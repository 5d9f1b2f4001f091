using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the feature network; a trained one is measured on the test set.</summary>
internal sealed class FeatureRunner(FeatureOptions options) : IStage
{
    private const int TestBatch = 500;

    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Features);
        switch (options)
        {
            case PretrainedFeatureOptions pretrained:
                NetworkFiles.LoadFeatures(context.Resolve(pretrained.Weights), CPU).Dispose();
                File.Copy(context.Resolve(pretrained.Weights), path, overwrite: true);
                break;
            case FidInceptionOptions fid:
                FidInceptionFeatures.Import(context.Resolve(fid.Weights), fid.Resizing, path);
                break;
            case InceptionOptions inception:
                Train(inception, context, path);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(InceptionOptions options, StageContext context, string path)
    {
        var device = context.Device();
        using var data = LabeledImages.Load(Path.Combine(context.Input(StageInput.Dataset), "train.safetensors"));
        var network = new InceptionNetwork(options.Width, (int)data.Classes);
        var spec = network.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        var objective = new ClassificationObjective(options, network, data, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);
        NetworkFiles.Save(path, network, trained);

        using var test = LabeledImages.Load(Path.Combine(context.Input(StageInput.Dataset), "test.safetensors"));
        var predicted = context.InBatches(test.Count, TestBatch, "test image",
            indices => InceptionNetwork.Logits(trained, network.Pool(trained, test.Pixels(indices, device))).argmax(1));
        context.MeasuredShare("testAccuracy", (predicted == test.Labels).to(float64).mean().item<double>(), test.Count);
    }
}
