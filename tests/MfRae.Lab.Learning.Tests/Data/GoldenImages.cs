using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests.Data;

/// <summary>
/// Images and what Pillow 9.4 makes of them: decoded to RGB, and cropped as ADM does; tests/Golden/images/README.md says how.
/// </summary>
internal static class GoldenImages
{
    public static string Path(string name) => Golden.Path("images", name);

    /// <summary>What a file holds, by its name and `decoded` or the side of the crop.</summary>
    public static RgbImage Image(string name, string what)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var values = Safetensors.Read(Path("images.safetensors"))[$"{name}.{what}"];
        return new((int)values.shape[1], (int)values.shape[0], values.contiguous().bytes.ToArray());
    }
}
