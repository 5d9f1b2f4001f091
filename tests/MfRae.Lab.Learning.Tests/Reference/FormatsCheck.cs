using System.Security.Cryptography;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Files in real formats: valid files hold the expected tensors bit for bit, all other files are refused and run no code.</summary>
internal sealed class FormatsCheck : IReferenceCheck
{
    public string Kind => "formats";

    public void Run(ReferenceManifest manifest)
    {
        var files = new FormatsManifest(manifest);
        files.Unlisted().Should().BeEmpty("every file must be in a list of {0}", files.Manifest);
        foreach (var (file, bytes, sha256) in files.Hashes())
        {
            var content = File.ReadAllBytes(files.Path(file));
            content.LongLength.Should().Be(bytes, file);
            Convert.ToHexStringLower(SHA256.HashData(content)).Should().Be(sha256, file);
        }

        var found = new HashSet<string>();
        foreach (var (file, text) in files.Loading())
            Load(files, file, text, found);
        files.Expected.Select(entry => entry.Name).Except(found).Should().BeEmpty("every expected tensor belongs to a file that must load");
        foreach (var (file, text) in files.Refusing())
            Refuse(files.Path(file), text);
    }

    private static void Load(FormatsManifest files, string file, string text, HashSet<string> found)
    {
        using var scope = NewDisposeScope();
        var content = TensorFile.Open(files.Path(file));
        content.Tensors.Should().NotBeEmpty(file);
        foreach (var (name, stored) in content.Tensors)
        {
            var value = stored.Read();
            value.dtype.Should().Be(stored.Type, "{0} in {1}", name, file);
            value.shape.Should().Equal(stored.Shape, "{0} in {1}", name, file);
        }

        foreach (var (name, expected) in files.Held(file, text))
        {
            Candidates(content, name).Should().Contain(value => Same(value, expected), "{0} must be found in {1}", name, file);
            found.Add(name);
        }
        foreach (var (name, value) in FormatsManifest.Numbers(text))
            content.Meta(name).Should().Be(value, "{0} in {1}", name, file);
        foreach (var type in ElementType.All.Where(type => text.Split(',', ' ').Contains(type.Safetensors)))
            content.Tensors.Values.Should().Contain(tensor => tensor.Type == type.Type, "{0} has {1}", file, type.Safetensors);
    }

    // Of its full name; else of its name without the first part, wherever it is nested.
    private static IEnumerable<StoredTensor> Candidates(TensorFile content, string name)
    {
        if (content.Tensors.TryGetValue(name, out var exact))
            return [exact];
        var own = name[(name.IndexOf('.') + 1)..];
        return content.Tensors
            .Where(entry => entry.Key == own || entry.Key.EndsWith("." + own, StringComparison.Ordinal))
            .Select(entry => entry.Value);
    }

    // An array without dimensions may be expected as one of a single number.
    private static bool Same(StoredTensor value, StoredTensor expected) =>
        value.Type == expected.Type
        && (value.Shape.SequenceEqual(expected.Shape) || (value.Count == 1 && expected.Count == 1))
        && Bytes(value).SequenceEqual(Bytes(expected));

    private static byte[] Bytes(StoredTensor tensor) => tensor.Count == 0 ? [] : tensor.Read().contiguous().bytes.ToArray();

    private static void Refuse(string path, string text)
    {
        var markers = FormatsManifest.Markers(text).ToDictionary(marker => marker, File.Exists);
        FluentActions.Invoking(() =>
        {
            using var scope = NewDisposeScope();
            foreach (var tensor in TensorFile.Open(path).Tensors.Values)
                tensor.Read();
        }).Should().Throw<LabException>(path).WithMessage($"*{Path.GetFileName(path)}*");
        foreach (var (marker, before) in markers)
            File.Exists(marker).Should().Be(before, "opening {0} must run nothing", path);
    }
}
