using System.Globalization;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Values that are copied from a file into the memory of a network.</summary>
[Scoped]
public sealed class CopiedTensorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ckpt_zip.pt")]
    [InlineData("ckpt_legacy.pt")]
    [InlineData("stat.pt")]
    [InlineData("adm_stats.npz")]
    [InlineData("good.safetensors")]
    public void Every_tensor_of_every_format_is_copied_as_it_is_read(string name)
    {
        var file = TensorFile.Open(Golden.Path(Path.Combine("reference", "formats"), name));
        foreach (var (tensor, stored) in file.Tensors)
        {
            foreach (var type in new[] { stored.Type, ScalarType.Float64 })
            {
                var copy = zeros([.. stored.Shape], dtype: type);
                stored.CopyTo(copy);
                (copy == stored.Read().to(type)).all().item<bool>().Should().BeTrue($"{tensor} as {type}");
            }
        }
    }

    [Fact]
    public void A_tensor_of_several_pieces_at_an_odd_offset_is_copied_whole()
    {
        // The header of an old file is not padded, so the values are not aligned.
        var values = arange(0, (1 << 22) + 77, dtype: ScalarType.Int32);
        var header = FormattableString.Invariant(
            $"{{\"a\":{{\"dtype\":\"I32\",\"shape\":[{values.numel()}],\"data_offsets\":[0,{4 * values.numel()}]}}}}");
        header += new string(' ', 5 - (header.Length % 4));
        File.WriteAllBytes(
            _folder.File("old.safetensors"),
            [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. values.bytes]);

        var copy = zeros_like(values);
        TensorFile.Open(_folder.File("old.safetensors")).Stored("a").CopyTo(copy);

        (copy == values).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_copied_file_is_not_in_memory_with_its_copy()
    {
        Requires.Linux("/proc/self/smaps shows the memory of a mapped file");
        const long bytes = 96L << 20;
        var path = _folder.File("large.safetensors");
        var values = arange(0, bytes / 4, dtype: ScalarType.Float32);
        Safetensors.Write(path, [("a", values)]);
        var file = TensorFile.Open(path);

        var copy = empty_like(values);
        file.Stored("a").CopyTo(copy);

        (copy == values).all().item<bool>().Should().BeTrue();
        // A chunk is 16 MB; the header and the borders of chunks are some pages.
        Resident(path).Should().BeLessThan(20L << 20);
        file["a"].sum();
        Resident(path).Should().BeGreaterThan(bytes / 2, "a tensor that is read in the map is resident");
    }

    // The bytes of a file that are in the memory of this process.
    private static long Resident(string path)
    {
        var resident = 0L;
        var inside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            // A map begins with its addresses, in lower-case hex.
            if (!char.IsUpper(line[0]))
                inside = line.EndsWith(path, StringComparison.Ordinal);
            else if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
                resident += 1024 * long.Parse(line["Rss:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }

        return resident;
    }
}
