using System.Diagnostics;
using System.IO.Compression;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>
/// Ten thousand damaged files for every reader: each is read or refused with a <see cref="LabException"/>, soon, and with no
/// more memory than the file gives reason for.
/// </summary>
[Scoped]
public sealed class FuzzTests
{
    private const int Inputs = 10_000;

    // A few exceptions, plus memory for each byte of the file: every byte of a pickle can make an object.
    private const long FixedBytes = 16 << 10;
    private const long BytesPerByte = 64;

    // The inflater has buffers, and small payloads may be packed as well as they like.
    private const long InflaterBytes = 128 << 10;

    [Fact]
    public void A_damaged_safetensors_file_is_read_or_refused() => Fuzz(
        content => ReadAll("fuzz.safetensors", content), Files("good.safetensors", "expected.safetensors", "expected_npz.safetensors"));

    [Fact]
    public void A_damaged_zip_checkpoint_is_read_or_refused() =>
        Fuzz(content => ReadAll("fuzz.pt", content), Files("stat.pt", "half.pt", "ckpt_zip.pt", "dtype_zoo.pt", "ckpt_full_training.pt"));

    [Fact]
    public void A_damaged_legacy_checkpoint_is_read_or_refused() =>
        Fuzz(content => ReadAll("fuzz.pt", content), Files("ckpt_legacy.pt", "dtype_zoo_legacy.pt", "bare_state_dict_legacy.pth"));

    [Fact]
    public void A_damaged_pickle_is_read_or_refused() => Fuzz(content => ReadAll("fuzz.pkl", content),
    [
        .. Files("malicious_raw_pickle.pt", "unknown_global.pt"),
        .. Members("ckpt_full_training.pt", "data.pkl"),
        PickleBytes.Of(PickleBytes.Dictionary(
            ("a", PickleBytes.Int(7)), ("b", PickleBytes.List(PickleBytes.Int(1), PickleBytes.Text("x"))))),
        PickleBytes.Of(PickleBytes.Dictionary(("c", PickleBytes.Dictionary(("d", PickleBytes.Text("text")), ("e", PickleBytes.Int(3)))))),
    ]);

    [Fact]
    public void A_damaged_array_is_read_or_refused() => Fuzz(content => ReadAll("fuzz.npy", content),
        [.. Members("adm_stats.npz", ".npy"), .. Members("odd_arrays.npz", ".npy"), .. Members("object_array_must_refuse.npz", ".npy")]);

    [Fact]
    public void A_damaged_archive_of_arrays_is_read_or_refused() =>
        Fuzz(content => ReadAll("fuzz.npz", content), Files("adm_stats.npz", "adm_stats_deflate.npz", "images_only.npz", "odd_arrays.npz"));

    [Fact]
    public void A_damaged_idx_file_is_read_or_refused() =>
        Fuzz(content => IdxReader.Read(new MemoryStream(content), "fuzz.gz", 3), [Gzip(Images(2)), Gzip(Images(5))],
            fixedBytes: InflaterBytes);

    [Fact]
    public void A_damaged_idx_file_in_sound_gzip_is_read_or_refused() =>
        Fuzz(content => IdxReader.Read(new MemoryStream(content), "fuzz.gz", 3), [Images(2), Images(5)], Gzip, InflaterBytes);

    private static void Fuzz(
        Action<byte[]> read, IReadOnlyList<byte[]> files, Func<byte[], byte[]>? pack = null, long fixedBytes = FixedBytes)
    {
        int loaded = 0, refused = 0, number = 0;
        foreach (var input in new Fuzzer(20_250_101, files).Inputs(Inputs))
        {
            var content = pack is null ? input : pack(input);
            var clock = Stopwatch.GetTimestamp();
            var (isLoaded, allocated) = Read(content);
            if (Stopwatch.GetElapsedTime(clock) > TimeSpan.FromSeconds(10))
                true.Should().BeFalse("input {0} took {1}", number, Stopwatch.GetElapsedTime(clock));
            // The first reading also pays for what the runtime sets up once; only the second shows what the input costs.
            if (allocated > Allowed(content) && Read(content).Allocated is var again && again > Allowed(content))
                again.Should().BeLessThanOrEqualTo(Allowed(content), "input {0} has only {1} bytes", number, content.Length);
            loaded += isLoaded ? 1 : 0;
            refused += isLoaded ? 0 : 1;
            number++;
        }
        loaded.Should().BeGreaterThan(Inputs / 100, "the inputs must not all be hopeless");
        refused.Should().BeGreaterThan(Inputs / 10, "the inputs must be damaged where it matters");

        long Allowed(byte[] content) => fixedBytes + (BytesPerByte * content.Length);

        (bool IsLoaded, long Allocated) Read(byte[] content)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var isLoaded = true;
            try
            {
                read(content);
            }
            catch (LabException)
            {
                isLoaded = false;
            }
            catch (Exception other)
            {
                throw new InvalidOperationException($"input {number} of {content.Length} bytes: {Convert.ToHexString(content)}", other);
            }
            return (isLoaded, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    // Also copies every tensor, so that a view beyond the file would be seen to read beyond it.
    private static void ReadAll(string name, byte[] content)
    {
        using var scope = NewDisposeScope();
        foreach (var tensor in FileFormats.Read(FileBytes.Of(name, content)).Tensors.Values)
        {
            var bytes = tensor.Count * ElementType.Of(tensor.Type).Size;
            if (bytes > InflaterBytes + (BytesPerByte * content.Length))
                bytes.Should().Be(0, "a tensor of a file of {0} bytes", content.Length);
            tensor.Read().clone();
        }
    }

    private static byte[][] Files(params string[] names) =>
        [.. names.Select(name => File.ReadAllBytes(Golden.Path(Path.Combine("reference", "formats"), name)))];

    private static List<byte[]> Members(string archive, string suffix)
    {
        using var zip = ZipFile.OpenRead(Golden.Path(Path.Combine("reference", "formats"), archive));
        var members = new List<byte[]>();
        foreach (var entry in zip.Entries.Where(entry => entry.FullName.EndsWith(suffix, StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            var content = new MemoryStream();
            stream.CopyTo(content);
            members.Add(content.ToArray());
        }
        return members;
    }

    private static byte[] Images(byte count) =>
        [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 4, .. Enumerable.Range(0, 16 * count).Select(i => (byte)(i * 37))];

    private static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }
}
