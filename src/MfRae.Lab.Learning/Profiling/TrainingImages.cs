using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Oracle;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>How many training images and classes a dataset has, where it is there to be counted.</summary>
internal sealed class TrainingImages
{
    public TrainingImages(DatasetOptions dataset, string workingDirectory)
    {
        switch (dataset)
        {
            case IdxDatasetOptions idx when Path.Combine(Path.GetFullPath(idx.Path, workingDirectory), StageFiles.IdxNames[1]) is var file
                && File.Exists(file):
                var labels = IdxReader.Read(file, 1).Values;
                Count = Limit(labels.Length, idx.TrainLimit);
                Classes = labels.Take((int)Count.Value).Max() + 1;
                break;
            case OracleDatasetOptions:
                // Fresh samples at every step: there is nothing to count.
                Classes = OracleBatches.OnlyClass;
                break;
            case ImageFolderDatasetOptions images:
                Classes = images.Classes;
                var folder = Path.Combine(Path.GetFullPath(images.Path, workingDirectory), StageFiles.Splits[0]);
                if (Directory.Exists(folder))
                    Count = Limit(ImageFiles.Below(folder).Files.Count, images.TrainLimit);
                break;
        }
    }

    public long? Count { get; }

    public int? Classes { get; }

    private static long Limit(long count, int limit) => limit > 0 ? Math.Min(limit, count) : count;
}
