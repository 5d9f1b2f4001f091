using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Large pre-trained weights in the output of a stage: a hard link to the user's file instead of a copy. The stage stays valid when the user
/// deletes or replaces the file, because its content is deleted with its last link. The manifest has the hash of the content, so a file
/// that was changed in place is noticed before the stage is used again.
/// </summary>
internal static class LinkedWeights
{
    // Smaller files are copied, or converted to a file that describes its network.
    private const long Least = 64L << 20;

    // The entry of the metadata that names the linked file, in the same folder.
    private const string Entry = "weights";

    /// <summary>Puts a file that describes its network into a stage, as a link if it is large, otherwise as a copy.</summary>
    public static void Put(string source, string path)
    {
        if (!TryLink(source, path))
            File.Copy(source, path, overwrite: true);
    }

    /// <summary>
    /// Puts a large file of released weights into a stage as a link, and writes the description of its network, which names the link.
    /// </summary>
    /// <param name="weights">A path for <see cref="TensorFile.Open"/>.</param>
    /// <param name="path">The file of the description.</param>
    /// <param name="description">The metadata of the network.</param>
    /// <returns>False if the file is small, or the system cannot link it, as between two file systems.</returns>
    public static bool TryDescribe(string weights, string path, IReadOnlyDictionary<string, string> description)
    {
        var source = File.Exists(weights) ? weights : WeightPath.FileOf(weights);
        var name = Path.GetFileNameWithoutExtension(path) + ".released";
        if (!TryLink(source, Path.Combine(Path.GetDirectoryName(path)!, name)))
            return false;
        Safetensors.Write(
            path, Array.Empty<(string, StoredTensor)>(), new Dictionary<string, string>(description) { [Entry] = name + weights[source.Length..] });
        return true;
    }

    /// <summary>The tensors of a network file: its own, or those of the linked file that it names.</summary>
    /// <exception cref="LabException">The linked file is missing, or its name is not that of a file in the same folder.</exception>
    public static TensorFile Tensors(TensorFile file)
    {
        if (file.Tensors.Count > 0 || !file.Metadata.TryGetValue(Entry, out var name))
            return file;
        return ArtifactName.IsName(WeightPath.FileOf(name))
            ? TensorFile.Open(Path.Combine(Path.GetDirectoryName(file.Path)!, name))
            : throw new LabException($"{file.Path} names the weights '{PrintableText.Of(name)}', which is not the name of a file in its folder");
    }

    private static bool TryLink(string source, string path)
    {
        // A link to a symbolic link would not keep the content.
        var content = File.ResolveLinkTarget(source, returnFinalTarget: true)?.FullName ?? source;
        if (new FileInfo(content).Length < Least)
            return false;
        File.Delete(path);
        return HardLink.TryCreate(content, path);
    }
}
