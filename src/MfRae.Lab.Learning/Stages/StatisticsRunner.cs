using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Reference statistics from a published file, in the form of <see cref="ReferenceRunner"/>, with the features of the images in the file. The
/// reference is identified by the hash of the file, as by `evaluate`.
/// </summary>
internal sealed class StatisticsRunner(StatisticsStage stage) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var file = TensorFile.Open(context.Resolve(stage.Statistics.Path));
        if (!StatisticsReader.Recognises(file))
            throw new LabException($"{file.Path} holds no statistics: a mean `mu` and a covariance `sigma` are needed, as in ADM's files");
        var stored = StatisticsReader.Read(file);
        using var extractor = FeatureExtractor.Load(context, StageInput.Features);
        Check(stored, extractor);
        var (features, labels) = Rows(context, file, stored, extractor);
        ReferenceRunner.Write(
            context, stored.Pool!, stored.Spatial, features, labels, new Dictionary<string, string> { [StatisticsNames.Source] = stored.Hash });
    }

    private static void Check(StoredStatistics stored, FeatureExtractor extractor)
    {
        if (stored.Pool is not { } pool)
            throw new LabException($"{stored.Path} holds features but no statistics: a mean and a covariance are needed");
        if (pool.Mean.shape[0] != extractor.Width)
        {
            throw new LabException(FormattableString.Invariant(
                $"{stored.Path} has statistics of {pool.Mean.shape[0]} features, but the feature network has {extractor.Width}: ")
                + "choose the network behind the statistics");
        }

        if (stored.Identity is { } identity && identity.Extractor != extractor.Identity)
            throw new LabException($"{stored.Path} has statistics of another feature network, {identity.Extractor[..12]}…: choose that network");
    }

    private (Tensor Features, Tensor Labels) Rows(StageContext context, TensorFile file, StoredStatistics stored, FeatureExtractor extractor)
    {
        if (ArrayImages.Recognises(file))
        {
            using var images = ArrayImages.Open(file);
            if (images.Count >= 2)
            {
                ReferenceRunner.WriteSheet(context, images, "Images of the reference file");
                return ReferenceRunner.Rows(extractor, images, stage.KeptFeatures);
            }
        }

        var features = stored.Features ?? zeros(0, stored.Pool!.Mean.shape[0]);
        return (features, full(features.shape[0], -1L, dtype: int64));
    }
}
