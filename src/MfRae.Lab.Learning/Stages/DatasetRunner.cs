using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Prepares a dataset. For images that fit into memory it writes train.safetensors and test.safetensors: images uint8 [N, C, H, W], labels
/// int64 [N]. For a folder of image files it writes train.index.json and test.index.json, for no images such indexes without images. For an oracle it writes the distribution, and
/// compares its closed forms with independent computations.
/// </summary>
internal sealed class DatasetRunner(DatasetOptions options) : IStage
{
    private const long CheckedPoints = 128;
    private const double CheckTolerance = 1e-11;

    public void Run(StageContext context)
    {
        switch (options)
        {
            case IdxDatasetOptions idx:
                Copy(idx, context);
                break;
            case ImageFolderDatasetOptions images:
                Index(images, context);
                break;
            case OracleDatasetOptions oracle:
                Check(oracle, context);
                break;
            case NoImagesDatasetOptions none:
                Describe(none, context);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Copy(IdxDatasetOptions options, StageContext context)
    {
        var folder = context.Resolve(options.Path);
        using (var train = IdxDataset.Train(folder, options.TrainLimit))
            train.Save(context.File(DatasetFiles.Images(DatasetFiles.Train)));
        using var test = IdxDataset.Test(folder, options.TestLimit);
        test.Save(context.File(DatasetFiles.Images(DatasetFiles.Test)));
    }

    private static void Index(ImageFolderDatasetOptions options, StageContext context)
    {
        var folder = context.Resolve(options.Path);
        var images = new ImageFolder(options, folder, line => context.Journal.Write(new NoticeEvent(line)), context.Stop);
        var (train, test) = (images.Train(), images.Test());
        if (train.Classes.Zip(test.Classes).FirstOrDefault(pair => pair.First != pair.Second) is (string of, string other))
            throw new LabException($"{folder} has a class '{of}' in train where val has '{other}': both splits need the same class folders");
        foreach (var (split, index) in new[] { (DatasetFiles.Train, train), (DatasetFiles.Test, test) })
        {
            // One image shows whether this is a folder of images; the other images are read when they are used.
            using var scope = NewDisposeScope();
            using (var first = DatasetFiles.Open(context, index))
                first.Bytes(tensor(new[] { 0L }));
            index.Save(context.File(DatasetFiles.Index(split)));
            context.Progress(index.Images.Count, index.Images.Count, "image");
        }
    }

    // An index without images has their size and their classes, by number.
    private static void Describe(NoImagesDatasetOptions options, StageContext context)
    {
        string[] classes = [.. Enumerable.Range(0, options.Classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];
        foreach (var split in new[] { DatasetFiles.Train, DatasetFiles.Test })
            new ImageIndex("", options.Size, Flip: false, classes, []).Save(context.File(DatasetFiles.Index(split)));
    }

    private static void Check(OracleDatasetOptions oracle, StageContext context)
    {
        OracleFiles.Save(context, oracle.Distribution);
        using var scope = NewDisposeScope();
        // All oracles with the same options are checked at the same points.
        var random = new RandomSource(0, CPU);
        var (velocity, covariance, averageVelocity, jacobian) = OracleDistributions.Create(oracle.Distribution) switch
        {
            DiagonalModes modes => ClosedFormChecks.Of(modes, random, CheckedPoints, CheckTolerance),
            var mixture => ClosedFormChecks.Of((GaussianMixture)mixture, random, CheckedPoints, CheckTolerance),
        };
        OracleValue[] values =
        [
            new(OracleMetric.ClosedVelocity, velocity, CheckedPoints),
            new(OracleMetric.ClosedCovariance, covariance, CheckedPoints),
            new(OracleMetric.ClosedAverageVelocity, averageVelocity, CheckedPoints),
            new(OracleMetric.ClosedJacobian, jacobian, CheckedPoints),
        ];
        foreach (var value in values)
            context.Measured(OracleFiles.Identified(value, OracleFiles.Identity(context.Folder)));
    }
}

/// <summary>The files of a dataset stage for a split: the images, or an index of image files.</summary>
internal static class DatasetFiles
{
    public const string Train = "train";
    public const string Test = "test";

    public static string Images(string split) => split + ".safetensors";

    public static string Index(string split) => split + ".index.json";

    /// <summary>The images of a split, from the dataset stage among the inputs.</summary>
    public static IImageSource Open(StageContext context, string split)
    {
        var folder = context.Input(StageInput.Dataset);
        var index = Path.Combine(folder, Index(split));
        return File.Exists(index)
            ? Open(context, ImageIndex.Load(index))
            : LabeledImages.Load(Path.Combine(folder, Images(split)));
    }

    /// <summary>The images of an index.</summary>
    public static FolderImages Open(StageContext context, ImageIndex index)
    {
        return new(index, context.Resolve(index.Folder), context.ReadingThreads(), pinned: context.Device().type == DeviceType.CUDA);
    }
}
