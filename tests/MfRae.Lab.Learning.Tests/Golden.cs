using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests;

/// <summary>
/// Files beside the tests. Those in reference/ were made by running the public PyTorch code; each JSON manifest names its
/// origin.
/// </summary>
internal static class Golden
{
    public static string Path(string folder, string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", folder, name);

    public static TensorFile Reference(string name) => Safetensors.Read(Path("reference", name + ".safetensors"));
}
