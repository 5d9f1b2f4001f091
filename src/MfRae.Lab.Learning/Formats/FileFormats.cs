using System.Text;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Finds out what a file is, by its content, and reads it.</summary>
internal static class FileFormats
{
    public static TensorFile Open(string path)
    {
        var split = File.Exists(path) ? -1 : path.LastIndexOf(WeightPath.Inside, StringComparison.Ordinal);
        return split < 0 ? Read(FileBytes.Open(path)) : Read(FileBytes.Open(path[..split])).At(path[(split + WeightPath.Inside.Length)..]);
    }

    /// <exception cref="LabException">The content is of no known format, damaged, or asks for code to be run.</exception>
    public static TensorFile Read(FileBytes file)
    {
        if (ZipDirectory.Recognises(file))
            return ReadArchive(file);
        if (TorchLegacyReader.Recognises(file))
            return new TorchLegacyReader(file).Read();
        if (NpyReader.Recognises(file))
            return new NpyReader(file).ReadArray();
        // A damaged header length can look like anything, so here the name counts too.
        if (SafetensorsReader.Recognises(file) || file.Path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return new SafetensorsReader(file).Read();
        if (RawPickleReader.Recognises(file))
            return new RawPickleReader(file).Read();
        var start = Printable(Encoding.Latin1.GetString(file.Copy(0, Math.Min(20, file.Length), "its start")));
        throw new LabException($"the file {file.Path} begins with '{start}': it is neither safetensors nor a PyTorch "
            + "checkpoint, .npz or .npy. A web page or a Git LFS pointer means that the file was not really fetched");
    }

    private static TensorFile ReadArchive(FileBytes file)
    {
        var members = new ZipDirectory(file).Read();
        return TorchZipReader.Recognises(members) ? new TorchZipReader(file, members).Read()
            : NpyReader.Recognises(members) ? new NpyReader(file).ReadArchive(members)
            : throw new LabException($"the file {file.Path} is a zip archive, but neither a PyTorch checkpoint (data.pkl) nor .npz "
                + $"(.npy only): it holds {string.Join(", ", members.Keys.Order(StringComparer.Ordinal).Take(5))}");
    }

    /// <summary>Text of a file for a message: short, and without what a terminal would obey.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Take(200).Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
}
