using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// Features of image sets in parts of <see cref="PartSize"/> images: ROOT/KEY/NNNNNN.safetensors. The key is a hash of the images, the
/// network and the preprocessing; how many images go through the network at a time is not in it. A part appears by a rename and names the
/// hash of its values, so that one that is there and right is complete, and an evaluation that was killed goes on behind it.
/// </summary>
internal sealed class FeatureCache(string root, IEvaluationProgress progress)
{
    public const int PartSize = 500;

    private const string HashEntry = "sha256";
    private const string Features = "features";
    private const string Logits = "logits";
    private const string Spatial = "spatial";
    private const string Content = "content";

    public static string Key(ImageSet images, FeatureIdentity identity) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"features 1\n{PartSize}\n{images.Hash}\n{identity.Extractor}\n{identity.Preprocessing}"))));

    /// <summary>A part that is there and whole; null where it must be computed. A damaged one is set aside.</summary>
    public FeatureBatch? Find(string key, int part, long count)
    {
        var path = PathOf(key, part);
        if (!File.Exists(path))
            return null;
        try
        {
            return Read(path, count);
        }
        catch (LabException damaged)
        {
            var aside = $"{path}.{Guid.NewGuid():N}.bad";
            File.Move(path, aside);
            progress.Say($"{damaged.Message}. It is set aside as {aside} and computed again");
            return null;
        }
    }

    public void Store(string key, int part, FeatureBatch batch)
    {
        var path = PathOf(key, part);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var tensors = Tensors(batch);
        var aside = $"{path}.{System.Environment.ProcessId}";
        Safetensors.Write(aside, tensors, new Dictionary<string, string> { [HashEntry] = Hash(tensors) });
        // Whoever else computes this part computes the same.
        File.Move(aside, path, overwrite: true);
    }

    private static FeatureBatch Read(string path, long count)
    {
        var file = Safetensors.Read(path);
        Tensor? Rows(string name) => !file.Tensors.TryGetValue(name, out var tensor) ? null
            : tensor.Shape.Count == 2 && tensor.Shape[0] == count && tensor.Type == ScalarType.Float32 ? tensor.Read()
            : throw new LabException($"{path} holds '{name}' of another shape than {count} rows");
        // Parts that older versions wrote have no hashes of images.
        var content = !file.Tensors.TryGetValue(Content, out var hashes) ? null
            : hashes.Shape.Count == 1 && hashes.Shape[0] == count && hashes.Type == ScalarType.Int64 ? hashes.Read()
            : throw new LabException($"{path} holds '{Content}' of another shape than {count} numbers");
        var batch = new FeatureBatch(
            Rows(Features) ?? throw new LabException($"{path} holds no features"), Rows(Logits), Rows(Spatial), content);
        return Hash(Tensors(batch)) == file.Meta(HashEntry)
            ? batch
            : throw new LabException($"{path} is damaged: its values are not those that were written");
    }

    private static List<(string Name, Tensor Value)> Tensors(FeatureBatch batch)
    {
        var tensors = new List<(string, Tensor)> { (Features, batch.Features) };
        if (batch.Logits is { } logits)
            tensors.Add((Logits, logits));
        if (batch.Spatial is { } spatial)
            tensors.Add((Spatial, spatial));
        if (batch.Content is { } content)
            tensors.Add((Content, content));
        return tensors;
    }

    private static string Hash(List<(string Name, Tensor Value)> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in tensors)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.dtype == int64
                ? MemoryMarshal.AsBytes(value.contiguous().data<long>().ToArray().AsSpan())
                : MemoryMarshal.AsBytes(value.contiguous().data<float>().ToArray().AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string PathOf(string key, int part) =>
        Path.Combine(root, key, part.ToString("D6", CultureInfo.InvariantCulture) + ".safetensors");
}
