using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Data;

/// <summary>The four files of an MNIST-like dataset.</summary>
public static class IdxDataset
{
    /// <summary>The training images and labels in <paramref name="folder"/>; at most <paramref name="limit"/> of them unless it is 0.</summary>
    /// <exception cref="LabException">A file is not as it should be.</exception>
    public static LabeledImages Train(string folder, int limit) => Load(folder, StageFiles.IdxNames[0], StageFiles.IdxNames[1], limit);

    /// <summary>The test images and labels.</summary>
    /// <exception cref="LabException">A file is not as it should be.</exception>
    public static LabeledImages Test(string folder, int limit) => Load(folder, StageFiles.IdxNames[2], StageFiles.IdxNames[3], limit);

    private static LabeledImages Load(string folder, string imageFile, string labelFile, int limit)
    {
        var (sizes, pixels) = IdxReader.Read(Path.Combine(folder, imageFile), 3);
        var (counts, labels) = IdxReader.Read(Path.Combine(folder, labelFile), 1);
        if (sizes[0] != counts[0])
            throw new LabException($"{folder} holds {sizes[0]} images in {imageFile} and {counts[0]} labels in {labelFile}");
        var count = limit > 0 ? Math.Min(limit, sizes[0]) : sizes[0];
        return LabeledImages.Create(pixels.AsSpan(0, count * sizes[1] * sizes[2]), labels.AsSpan(0, count), sizes[1], sizes[2]);
    }
}
