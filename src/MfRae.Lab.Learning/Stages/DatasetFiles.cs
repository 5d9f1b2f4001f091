using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Stages;

/// <summary>What a dataset stage leaves of a split: the images themselves, or an index of image files.</summary>
internal static class DatasetFiles
{
    public const string Train = "train";
    public const string Test = "test";

    public static string Images(string split) => split + ".safetensors";

    public static string Index(string split) => split + ".index.json";

    /// <summary>The images of a split, as the dataset stage among the inputs found them.</summary>
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
        var threads = context.Spec.Settings.Threads;
        return new(index, context.Resolve(index.Folder), threads > 0 ? threads : Environment.ProcessorCount);
    }
}
