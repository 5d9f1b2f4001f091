using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Data;

/// <summary>Which images a dataset stage found: all that a later stage needs to decode them.</summary>
/// <param name="Folder">As the options give it, relative to the working directory.</param>
/// <param name="Size">Side that images are brought to.</param>
/// <param name="Flip">Whether training mirrors images.</param>
/// <param name="Classes">Names of the class folders, in the order of their labels.</param>
/// <param name="Images">Paths below the folder, each with its label.</param>
internal sealed record ImageIndex(string Folder, int Size, bool Flip, IReadOnlyList<string> Classes, IReadOnlyList<IndexedImage> Images)
{
    public void Save(string path)
    {
        using var file = File.Create(path);
        JsonSerializer.Serialize(file, this, ImageIndexJson.Default.ImageIndex);
    }

    /// <exception cref="LabException">The file is not what <see cref="Save"/> writes.</exception>
    public static ImageIndex Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, ImageIndexJson.Default.ImageIndex)!;
        }
        catch (JsonException broken)
        {
            throw new LabException($"{path} is no index of images: {broken.Message}", broken);
        }
    }
}

/// <param name="Path">CLASS/FILE.</param>
internal sealed record IndexedImage(string Path, int Label);

/// <summary>The serialiser of the index.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class ImageIndexJson : JsonSerializerContext;
