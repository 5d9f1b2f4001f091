using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Feature statistics of a split of the dataset.</summary>
internal sealed class ReferenceRunner(string split) : IStage
{
    public const string FileName = "reference.safetensors";

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var images = DatasetFiles.Open(context, split);
        using var extractor = FeatureExtractor.Load(context);
        var (features, _) = extractor.Extract(images);
        FeatureStatistics.Of(features).Save(context.File(FileName));
    }

    /// <summary>The statistics that a stage has as inputs, in the order of <paramref name="splits"/>.</summary>
    public static IReadOnlyList<ReferenceSet> Load(StageContext context, IEnumerable<string> splits) => [.. splits.Select(name =>
    {
        var path = Path.Combine(context.Input(StageInput.Reference(name)), FileName);
        return new ReferenceSet(name, FeatureStatistics.Load(path), FileDigest.Of(path));
    })];
}
