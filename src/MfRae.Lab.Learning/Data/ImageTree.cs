using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Images;

namespace MfRae.Lab.Learning.Data;

/// <summary>The images of a folder of any layout, by path. Where all of them lie in subfolders, those of the first level are classes.</summary>
/// <param name="Root">The folder.</param>
/// <param name="Paths">Below the folder, with `/`, in ordinal order.</param>
/// <param name="Classes">Names of the classes in ordinal order, or null where there are none.</param>
/// <param name="Labels">The class of each image, or null.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images.</param>
internal sealed record ImageTree(
    string Root, IReadOnlyList<string> Paths, IReadOnlyList<string>? Classes, IReadOnlyList<long>? Labels, PassedOver PassedOver)
{
    /// <exception cref="LabException">The folder holds no image, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The caller asked to stop.</exception>
    public static ImageTree Scan(string root, CancellationToken stop = default)
    {
        var found = ImageFiles.Below(root, stop);
        var paths = found.Files.Select(file => file.Path).ToList();
        if (paths.Count == 0)
            throw new LabException($"{root} holds no image ({string.Join(", ", ImageFiles.Extensions)})"
                + (found.PassedOver.Describe() is { } passed ? "; " + passed : ""));
        var folders = paths.Select(path => path.IndexOf('/') is > 0 and var at ? path[..at] : null).ToList();
        // One folder around everything is no class.
        if (folders.Contains(null) || folders.Distinct().Count() < 2)
            return new(root, paths, null, null, found.PassedOver);
        var classes = folders.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        var numbers = classes.Select((name, label) => (name, label)).ToDictionary(entry => entry.name, entry => (long)entry.label);
        return new(root, paths, classes, [.. folders.Select(folder => numbers[folder!])], found.PassedOver);
    }
}
