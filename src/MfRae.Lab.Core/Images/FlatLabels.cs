using System.Globalization;

namespace MfRae.Lab.Core.Images;

/// <summary>
/// The classes of images in a flat folder, such as the published `val` of ImageNet. A file names the class of each image:
/// `LOC_val_solution.csv` of Kaggle (ImageId,PredictionString, where the first word of the prediction is the class), or `val.txt` or
/// `val.csv` with a line `FILE CLASS` for each image.
/// </summary>
public sealed class FlatLabels
{
    private readonly Dictionary<string, string> _classes;

    private FlatLabels(string path, Dictionary<string, string> classes)
    {
        Path = path;
        _classes = classes;
        Classes = [.. classes.Values.Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The file that names the classes.</summary>
    public string Path { get; }

    /// <summary>Names of all classes in ordinal order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The file with the classes of a flat folder, in the folder or next to it, or null.</summary>
    public static string? Find(string folder)
    {
        var split = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(folder));
        string[] places = [folder, System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(folder)) ?? folder];
        return places.SelectMany(place => Names(split).Select(name => System.IO.Path.Combine(place, name))).FirstOrDefault(RegularFile.Is);
    }

    /// <summary>Reads the classes of a flat folder.</summary>
    /// <exception cref="LabException">The file is missing, or its format is unknown.</exception>
    public static FlatLabels Of(string folder) => Find(folder) is { } path ? Read(path) : throw new LabException(
        $"{folder} contains images without class folders, and a file with their classes is missing: {Remedy(folder)}");

    /// <summary>Instructions for a flat folder without a file that names the classes.</summary>
    public static string Remedy(string folder)
    {
        var split = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(folder));
        return $"put LOC_{split}_solution.csv (Kaggle's ImageNet) or {split}.txt with a line `FILE CLASS` for each image in the folder or "
            + "next to it, or move the images into class folders (for ImageNet: valprep.sh)";
    }

    /// <summary>The class of an image; the file may name the image without its extension.</summary>
    /// <exception cref="LabException">The file does not contain the image.</exception>
    public string ClassOf(string file) =>
        _classes.TryGetValue(file, out var found) || _classes.TryGetValue(System.IO.Path.GetFileNameWithoutExtension(file), out found)
            ? found
            : throw new LabException($"{Path} has no class for the image {file}: add a line for it");

    private static FlatLabels Read(string path)
    {
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        var (number, kaggle) = (0, false);
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (number == 1 && line.StartsWith("ImageId,", StringComparison.OrdinalIgnoreCase))
                {
                    kaggle = true;
                    continue;
                }

                if (string.IsNullOrWhiteSpace(line))
                    continue;
                var (file, name) = Fields(line, kaggle) ?? throw Unreadable(path, number, line);
                if (!classes.TryAdd(file, name) && classes[file] != name)
                    throw new LabException(Text($"{path}:{number} gives {file} two classes: {classes[file]} and {name}"));
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }

        return classes.Count > 0 ? new(path, classes) : throw new LabException($"{path} is empty: it needs a line `FILE CLASS` for each image");
    }

    private static IEnumerable<string> Names(string split) => [$"LOC_{split}_solution.csv", $"{split}.txt", $"{split}.csv"];

    private static (string File, string Class)? Fields(string line, bool kaggle)
    {
        line = line.Trim();
        var comma = line.IndexOf(',');
        var at = comma >= 0 ? comma : line.LastIndexOfAny([' ', '\t']);
        if (at <= 0)
            return null;
        var (file, rest) = (line[..at].Trim(), line[(at + 1)..].Trim());
        var name = kaggle && rest.Contains(' ') ? rest[..rest.IndexOf(' ')] : rest;
        return name.Length > 0 ? (file[(file.LastIndexOf('/') + 1)..], name) : null;
    }

    private static LabException Unreadable(string path, int number, string line) => new(
        int.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? Text($"{path}:{number} is a number without a file name, as in ILSVRC2012_validation_ground_truth.txt, whose numbers ")
                + "only meta.mat explains: use LOC_val_solution.csv, or lines `FILE CLASS`"
            : Text($"{path}:{number} is not `FILE CLASS`: {line}"));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
