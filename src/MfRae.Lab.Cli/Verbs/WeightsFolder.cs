using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Files of weights and the cards beside them.</summary>
public static class WeightsFolder
{
    private static readonly string[] Suffixes = [".safetensors", ".pt", ".pth", ".ckpt", ".npz", ".npy"];

    /// <summary>
    /// The weights of a folder in the order of their names, also those of which there is only a card; a file stands for
    /// itself.
    /// </summary>
    /// <exception cref="LabException">There is no such file or folder, or it holds no weights.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new LabException($"{path} does not exist: name a file of weights, or a folder of them");
        var files = Directory.EnumerateFiles(path).Where(file => Suffixes.Contains(Path.GetExtension(file).ToLowerInvariant())).ToList();
        var orphans = Directory.EnumerateFiles(path, "*.json")
            .Where(card => files.TrueForAll(file => Card(file) != card) && CardContent.Read(card) is not null)
            .Select(card => Path.ChangeExtension(card, Suffixes[0]));
        files.AddRange(orphans.ToList());
        files.Sort(StringComparer.Ordinal);
        return files.Count > 0 ? files : throw new LabException($"{path} holds no weights ({string.Join(", ", Suffixes)})");
    }

    /// <summary>Where the card of a file is.</summary>
    public static string Card(string file) => Path.ChangeExtension(file, ".json");
}
