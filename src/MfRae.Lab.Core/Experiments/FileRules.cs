using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that the files and folders that options name exist.</summary>
/// <param name="workingDirectory">The folder that relative paths in options start from.</param>
/// <param name="needed">False if an experiment is only inspected: then paths must be well-formed, but files may be missing.</param>
internal sealed class FileRules(Diagnostics mistakes, string workingDirectory, bool needed)
{
    public void Check(OptionView view, OptionType type)
    {
        if (type.Record == typeof(FileSamplesOptions))
        {
            // The path depends on seed and steps, see ExternalRules.
            return;
        }

        foreach (string option in (string[])["path", "weights", "noiseFile"])
        {
            if (type.Find(option) is null || view.Text(option) is not { } path || !IsPath(view, option, path) || !needed)
            {
                continue;
            }

            if (type.Record == typeof(IdxDatasetOptions))
            {
                CheckIdx(view, path);
            }
            else if (type.Record == typeof(ImageFolderDatasetOptions))
            {
                CheckImageFolder(view, path);
            }
            else
            {
                CheckFile(view.At(option), WeightPath.FileOf(path), option == "noiseFile"
                    ? "the verb `noise` writes the noise and labels of a sampling to a file"
                    : "put the file there, name another weights file, or choose a kind that trains");
            }
        }
    }

    private bool IsPath(OptionView view, string option, string path)
    {
        bool sound = WeightPath.FileOf(path).Length > 0 && !path.Contains('\0');
        if (!sound)
        {
            mistakes.Add(view.At(option), $"`{option}` is not a valid path", "write a path relative to the working directory");
        }

        return sound;
    }

    private void CheckIdx(OptionView view, string path)
    {
        string folder = Path.GetFullPath(path, workingDirectory);
        if (!Directory.Exists(folder))
        {
            string advice = FileSources.Of(path) ?? "name the folder that contains " + string.Join(", ", IdxDatasetOptions.FileNames);
            mistakes.Add(view.At("path"), $"folder {path} not found in {workingDirectory}", advice, path);
        }
        else if (IdxDatasetOptions.FileNames.Where(name => !File.Exists(Path.Combine(folder, name))).ToList() is { Count: > 0 } missing)
        {
            mistakes.Add(
                view.At("path"),
                $"the folder {path} does not contain {string.Join(", ", missing)}",
                FileSources.Of(path) ?? "it must contain the four gzipped IDX files with these names",
                path);
        }
    }

    private void CheckImageFolder(OptionView view, string path)
    {
        string folder = Path.GetFullPath(path, workingDirectory);
        string layout = $"create {string.Join(" and ", ImageFolderDatasetOptions.Splits)} there, each with one folder of images for each of the "
            + FormattableString.Invariant($"{view.Number("classes")} classes");
        if (!Directory.Exists(folder))
        {
            mistakes.Add(view.At("path"), $"folder {path} not found in {workingDirectory}", WithSource(layout, path), path);
            return;
        }

        (string training, string heldBack) = (ImageFolderDatasetOptions.Splits[0], ImageFolderDatasetOptions.Splits[1]);
        var (train, held) = (Classes(view, path, training, layout), Classes(view, path, heldBack, layout));
        if (train is not null && held?.Except(train).FirstOrDefault() is { } other)
        {
            mistakes.Add(view.At("path"), $"{path}/{heldBack} has a class '{other}' that is not in {path}/{training}", "give both folders the same classes");
        }
    }

    /// <summary>The classes of a split, or null after a reported mistake.</summary>
    private IReadOnlyList<string>? Classes(OptionView view, string path, string split, string layout)
    {
        string inside = Path.Combine(Path.GetFullPath(path, workingDirectory), split);
        if (!Directory.Exists(inside))
        {
            mistakes.Add(view.At("path"), $"the folder {path} does not contain {split}", WithSource(layout, path), path);
            return null;
        }

        try
        {
            bool flat = ImageFiles.IsFlat(inside);
            if (flat && FlatLabels.Find(inside) is null)
            {
                mistakes.Add(
                    view.At("path"),
                    $"{path}/{split} contains images without class folders",
                    $"for images without classes, move them to {string.Join(" and ", ImageFolderDatasetOptions.Splits.Select(each => $"{path}/{each}/all"))} "
                        + $"and set `classes` to 1. For images of several classes, {FlatLabels.Remedy(inside)}");
                return null;
            }

            // Held-back images without class folders may cover only some of the classes.
            bool partial = flat && split != ImageFolderDatasetOptions.Splits[0];
            var found = flat ? FlatLabels.Of(inside).Classes : ImageFiles.ClassFolders(inside);
            if (view.Number("classes") is not { } classes || (partial ? found.Count <= classes : found.Count == classes))
            {
                return found;
            }

            mistakes.Add(
                view.MostLikelySource("classes", "path"),
                FormattableString.Invariant(
                    $"{path}/{split} has {found.Count} {(flat ? "classes" : "class folders")}, but `classes` is {classes}"),
                FormattableString.Invariant($"complete the folder, or set `classes` to {found.Count}"));
        }
        catch (LabException broken)
        {
            mistakes.Add(view.At("path"), broken.Message, null);
        }

        return null;
    }

    /// <param name="remedy">The advice for a file without a known source and without a similar name in its folder.</param>
    private void CheckFile(Location at, string path, string remedy)
    {
        string full = Path.GetFullPath(path, workingDirectory);
        if (File.Exists(full))
        {
            return;
        }

        string folder = Path.GetDirectoryName(full)!;
        string name = Path.GetFileName(full);
        string? near = Directory.Exists(folder)
            ? Nearest.To(name, Directory.GetFiles(folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal))
            : null;
        string advice = FileSources.Of(path) ?? (near is null
            ? remedy
            : $"did you mean `{path[..^name.Length]}{near}`?");
        mistakes.Add(at, $"file {path} not found in {workingDirectory}", advice, path);
    }

    private static string WithSource(string layout, string path) => FileSources.Of(path) is { } source ? $"{layout}; {source}" : layout;
}

/// <summary>The sources of the files that the shipped experiments name: the repository, or their publishers.</summary>
internal static class FileSources
{
    private static readonly (string Path, string Advice)[] Known =
    [
        ("data/fashion-mnist", FashionMnist),
        ("data/fashion-mnist/", FashionMnist),
        ("experiments/external/", "it is part of the repository: git checkout -- experiments/external"),
        ("data/weights/encoder.safetensors", Committed),
        ("data/weights/decoder.safetensors", Committed),
        ("data/weights/latents.safetensors", Committed),
        ("data/weights/teacher.safetensors", Committed),
        ("data/weights/inception.safetensors", Committed),
        ("data/mf-rae/", "get it from the Google Drive folder that https://github.com/sony/mf-rae links to as \"our trained MF-RAE\""),
        ("data/adm/VIRTUAL_imagenet256_labeled.npz",
            "get it from https://openaipublic.blob.core.windows.net/diffusion/jul-2021/ref_batches/imagenet/256/VIRTUAL_imagenet256_labeled.npz"),
        ("data/adm/VIRTUAL_imagenet512.npz",
            "get it from https://openaipublic.blob.core.windows.net/diffusion/jul-2021/ref_batches/imagenet/512/VIRTUAL_imagenet512.npz"),
        ("data/imagenet", "get ImageNet-1k (ILSVRC2012) from https://image-net.org/download.php"),
        ("data/dinov2-with-registers-base/", "get it with: hf download facebook/dinov2-with-registers-base --local-dir data/dinov2-with-registers-base"),
        ("data/sd-vae/", "get it with: hf download stabilityai/sd-vae-ft-mse --local-dir data/sd-vae"),
        ("data/rae/", "get it with: hf download nyu-visionx/RAE-collections --local-dir data/rae"),
        ("data/inception/pt_inception-2015-12-05-6726825d.pth",
            "get it from https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"),
    ];

    private const string FashionMnist = "it is part of the repository: git checkout -- data/fashion-mnist";
    private const string Committed = "it is part of the repository: git checkout -- data/weights";

    /// <summary>How to get a file or folder.</summary>
    /// <param name="path">The path as written in the options.</param>
    /// <returns>An instruction, or null for a file that the shipped experiments do not name.</returns>
    public static string? Of(string path)
    {
        string plain = path.Replace('\\', '/').TrimEnd('/');
        return Known.Where(known => known.Path.EndsWith('/') ? plain.StartsWith(known.Path, StringComparison.Ordinal) : plain == known.Path)
            .Select(known => known.Advice).FirstOrDefault();
    }
}
