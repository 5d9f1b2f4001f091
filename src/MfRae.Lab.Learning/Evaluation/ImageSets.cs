using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Opens what images can be in.</summary>
/// <param name="crop">Side of the square that images of folders are brought to; 0 leaves them.</param>
internal sealed class ImageSets(int crop, int threads, IEvaluationProgress progress, CancellationToken stop)
{
    /// <summary>A folder: the four IDX files of which <see cref="EvaluationPath.Split"/> says the half, or images.</summary>
    /// <exception cref="LabException">The folder holds neither, or what it holds is damaged.</exception>
    public ImageSet OpenFolder(EvaluationPath path)
    {
        if (StageFiles.IdxNames.Any(name => File.Exists(Path.Combine(path.Full, name))))
            return Idx(path);
        if (path.Split is null)
            return Tree(path, path.Full);
        var inside = path.SplitFolders.FirstOrDefault(Directory.Exists) ?? throw new LabException(
            $"{path.Full} holds neither IDX files nor a folder for the split {path.Split}: name the folder of images itself");
        return Tree(path, inside);
    }

    /// <summary>A file with arrays of images and perhaps labels.</summary>
    /// <exception cref="LabException">It has none, or not of the right types and shapes.</exception>
    public ImageSet OpenFile(EvaluationPath path, TensorFile file)
    {
        var images = ArrayImages.Open(file);
        return new(path.Given, images, FileHash.Of(path.Full), images.HasLabels ? Numbered(images.Classes) : null,
            index => FormattableString.Invariant($"image {index} of {path.Full}"));
    }

    private static ImageSet Idx(EvaluationPath path)
    {
        if (path.Split is null)
            throw new LabException($"{path.Full} holds the two halves of an IDX dataset: say which, {path.Given}:train or {path.Given}:test");
        var train = path.Split == EvaluationPath.Train;
        var images = train ? IdxDataset.Train(path.Full, 0) : IdxDataset.Test(path.Full, 0);
        var hashes = StageFiles.IdxNames.Skip(train ? 0 : 2).Take(2).Select(name => FileHash.Of(Path.Combine(path.Full, name)));
        return new(path.Given, images, Hash(hashes), Numbered(images.Classes),
            index => FormattableString.Invariant($"image {index} of {path.Given}"));
    }

    private ImageSet Tree(EvaluationPath path, string folder)
    {
        var tree = ImageTree.Scan(folder, stop);
        if (tree.PassedOver.Describe() is { } passed)
            progress.Say($"{path.Given}: {passed}");
        var images = new TreeImages(tree, crop, threads);
        return new(path.Given, images, Hash(tree), tree.Classes, images.PathOf, Named: true, tree.PassedOver);
    }

    // Of contents, not of names: the same images have the same features wherever they lie.
    private string Hash(ImageTree tree)
    {
        const int atOnce = 256;
        var lines = new string[tree.Paths.Count];
        for (var start = 0; start < lines.Length; start += atOnce)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                Parallel.For(start, Math.Min(lines.Length, start + atOnce), new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
                    lines[i] = FileHash.Of(Path.Combine(tree.Root, tree.Paths[i]))
                        + string.Create(CultureInfo.InvariantCulture, $" {tree.Labels?[i] ?? -1}"));
            }
            catch (AggregateException failures) when (failures.InnerExceptions.OfType<LabException>().MinBy(one => one.Message) is { } first)
            {
                throw new LabException(first.Message, first);
            }

            progress.Step($"reading {tree.Root}", Math.Min(lines.Length, start + atOnce), lines.Length);
        }

        return Hash(lines.Prepend(string.Create(CultureInfo.InvariantCulture, $"images, cropped to {crop}")));
    }

    private static string Hash(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    private static List<string> Numbered(long classes) =>
        [.. Enumerable.Range(0, (int)classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];
}
