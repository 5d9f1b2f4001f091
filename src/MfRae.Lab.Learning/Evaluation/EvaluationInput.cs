using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a path holds for an evaluation. ADM's reference files hold both: statistics of a whole dataset, and images of it.</summary>
internal sealed record EvaluationInput(string Path, ImageSet? Images, StoredStatistics? Statistics) : IDisposable
{
    /// <exception cref="LabException">The path holds neither images nor statistics, or they are damaged.</exception>
    public static EvaluationInput Open(string given, string workingDirectory, ImageSets sets)
    {
        var path = EvaluationPath.Find(given, workingDirectory);
        if (Directory.Exists(path.Full))
            return new(given, sets.OpenFolder(path), null);
        if (RegularFile.IsSpecial(path.Full))
            throw new LabException($"{path.Full} is a pipe, a socket or a device; a folder or a file is needed");
        var file = TensorFile.Open(path.Full);
        if (!StatisticsReader.Recognises(file))
            return new(given, sets.OpenFile(path, file), null);
        return new(given, ArrayImages.Recognises(file) ? sets.OpenFile(path, file) : null, StatisticsReader.Read(file));
    }

    /// <exception cref="LabException">There are statistics alone, or one image.</exception>
    public ImageSet NeedImages(string what)
    {
        if (Images is null)
            throw new LabException($"{Path} holds statistics alone; {what} must be images");
        if (Images.Count < 2)
            throw new LabException($"{Path} holds one image; a distribution needs at least two");
        return Images;
    }

    public void Dispose() => Images?.Dispose();
}
