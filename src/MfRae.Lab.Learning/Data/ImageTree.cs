using System.Globalization;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Data;

/// <summary>The images of a folder of any layout, by path. Where all of them lie in subfolders, those of the first level are classes.</summary>
/// <param name="Root">The folder.</param>
/// <param name="Paths">Below the folder, with `/`, in ordinal order.</param>
/// <param name="Classes">Names of the classes, or null where there are none.</param>
/// <param name="Labels">The class of each image, or null.</param>
internal sealed record ImageTree(string Root, IReadOnlyList<string> Paths, IReadOnlyList<string>? Classes, IReadOnlyList<long>? Labels)
{
    /// <exception cref="LabException">The folder holds no image, or cannot be read.</exception>
    public static ImageTree Scan(string root)
    {
        var paths = Find(root);
        if (paths.Count == 0)
            throw new LabException($"{root} holds no image ({string.Join(", ", ImageDecoder.Extensions)})");
        var folders = paths.Select(path => path.IndexOf('/') is > 0 and var at ? path[..at] : null).ToList();
        // One folder around everything is no class.
        if (folders.Contains(null) || folders.Distinct().Count() < 2)
            return new(root, paths, null, null);
        var classes = InOrder(folders.OfType<string>().Distinct());
        var numbers = classes.Select((name, label) => (name, label)).ToDictionary(entry => entry.name, entry => (long)entry.label);
        return new(root, paths, classes, [.. folders.Select(folder => numbers[folder!])]);
    }

    private static List<string> Find(string root)
    {
        try
        {
            return [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(ImageDecoder.IsImage)
                .Select(file => Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/'))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the folder {root} cannot be read: {refused.Message}", refused);
        }
    }

    // Numbers by their value, so that classes 0 to 11 are what they are called.
    private static List<string> InOrder(IEnumerable<string> names)
    {
        var all = names.Order(StringComparer.Ordinal).ToList();
        return all.TrueForAll(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. all.OrderBy(name => int.Parse(name, CultureInfo.InvariantCulture))]
            : all;
    }
}
