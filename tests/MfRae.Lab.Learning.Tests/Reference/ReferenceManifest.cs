using System.Text.Json;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// One X.json of reference vectors with the X.safetensors in the same folder. It knows which of the listed tensors a check has
/// asked for, so that one nobody compares is a failure and not a gap.
/// </summary>
internal sealed class ReferenceManifest
{
    private readonly HashSet<string> _listed;
    private readonly HashSet<string> _used = [];
    private readonly TensorFile? _file;

    public ReferenceManifest(string path)
    {
        Path = path;
        Json = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        _listed = Json.TryGetProperty("tensors", out var tensors) ? [.. tensors.EnumerateObject().Select(tensor => tensor.Name)] : [];
        var data = System.IO.Path.ChangeExtension(path, ".safetensors");
        _file = File.Exists(data) ? Safetensors.Read(data) : null;
    }

    public string Path { get; }

    public JsonElement Json { get; }

    /// <summary>The kind of the vectors, which decides the check that reads them.</summary>
    public string Kind => Json.GetProperty("fixture").GetString()!;

    /// <summary>Listed tensors that no check has asked for.</summary>
    public IEnumerable<string> Unused => _listed.Except(_used).Order(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Listed => _listed;

    /// <summary>The tensor of this name, whatever its type.</summary>
    public Tensor this[string name]
    {
        get
        {
            _used.Add(name);
            return _file![name];
        }
    }

    public bool Has(string name) => _listed.Contains(name);

    /// <summary>A file that the manifest names, in its own folder.</summary>
    public TensorFile Beside(string name) =>
        Safetensors.Read(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, name));

    /// <summary>The manifests of its folder, itself included.</summary>
    public IEnumerable<JsonElement> Neighbours() => Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(Path)!, "*.json")
        .Order(StringComparer.Ordinal).Select(path => JsonDocument.Parse(File.ReadAllText(path)).RootElement);

    /// <summary>
    /// Fails unless |value - expected| is at most <paramref name="absolute"/> + <paramref name="relative"/> × the largest |expected|.
    /// </summary>
    public void Compare(string name, Tensor value, double absolute = 0, double relative = 0)
    {
        var expected = this[name].to(float64);
        var actual = value.detach().to(float64);
        actual.shape.Should().Equal(expected.shape, "{0} in {1}", name, Path);
        if (expected.numel() == 0)
            return;
        var largest = (actual - expected).abs().max().item<double>();
        var bound = absolute + (relative * expected.abs().max().item<double>());
        largest.Should().BeLessThanOrEqualTo(bound, "{0} in {1} has this largest difference", name, Path);
    }
}
