using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Evaluation;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>FID of reference images that are spoilt more and more.</summary>
internal sealed class LadderRunner(LadderStage stage) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var images = DatasetFiles.Open(context, stage.Split);
        using var extractor = FeatureExtractor.Load(context, StageInput.Features);
        var reference = ReferenceRunner.Load(context, StageInput.Reference(stage.Split), stage.Split);
        var ladder = extractor.Climb(images, reference.Statistics);
        foreach (var rung in ladder.Rungs)
        {
            var metric = $"{MetricNames.Ladder}.{rung.Kind}.{rung.Level.ToString("R", CultureInfo.InvariantCulture)}";
            context.Measured(new(metric, rung.Fid, null, null, ladder.Images, 0, 1, "dataset", extractor.Identity,
                extractor.Preprocessing(images.Shape), reference.Hash, null));
        }
    }
}
