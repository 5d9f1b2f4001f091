using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Finds out what a file is.</summary>
internal static class FileFormats
{
    private const string Inside = "::";

    public static TensorFile Open(string path)
    {
        var split = File.Exists(path) ? -1 : path.LastIndexOf(Inside, StringComparison.Ordinal);
        return split < 0 ? Read(FileBytes.Open(path)) : Read(FileBytes.Open(path[..split])).At(path[(split + Inside.Length)..]);
    }

    /// <exception cref="LabException">The content is of no known format.</exception>
    public static TensorFile Read(FileBytes file) =>
        SafetensorsReader.Recognises(file) || file.Path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? new SafetensorsReader(file).Read()
            : throw file.Broken("is no safetensors file");
}
