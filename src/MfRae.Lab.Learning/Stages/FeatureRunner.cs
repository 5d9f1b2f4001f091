using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
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
                FeatureNetworks.Load(context.Resolve(pretrained.Weights), CPU).Dispose();
                File.Copy(context.Resolve(pretrained.Weights), path, overwrite: true);
                break;
            case FidInceptionOptions fid:
                FidInceptionFeatures.Import(context.Resolve(fid.Weights), fid.Resizing, path);
                break;
            case Dinov2FeatureOptions dinov2:
                Dinov2Features.Import(context.Resolve(dinov2.Weights), path);
                break;
            case TorchScriptFeatureOptions script:
                TorchScriptFile.Import(
                    context.Resolve(script.Weights), new(script.Size, script.Mean ?? [0, 0, 0], script.Deviation ?? [1, 1, 1]), path);
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
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var network = new InceptionNetwork(options.Width, (int)data.Classes, (int)data.Shape.Channels);
        var spec = network.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var objective = new ClassificationObjective(options, network, data, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);
        NetworkFiles.Save(path, network, trained, data.Shape);

        using var test = DatasetFiles.Open(context, DatasetFiles.Test);
        using var predicted = context.InBatches(test, TestBatch, bytes =>
            InceptionNetwork.Logits(trained, network.Pool(trained, LabeledImages.ToUnit(bytes).to(device))).argmax(1));
        context.MeasuredShare("testAccuracy", (predicted == test.Labels).to(float64).mean().item<double>(), test);
    }
}
