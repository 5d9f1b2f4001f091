using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>The shape of an image: <paramref name="Channels"/> is 1 for grey and 3 for colour.</summary>
internal sealed record ImageSize(long Channels, long Rows, long Columns)
{
    /// <summary>The size of MNIST and similar datasets; weights files for such images omit it.</summary>
    public static ImageSize Mnist { get; } = new(1, 28, 28);

    public override string ToString() => FormattableString.Invariant(
        $"{Rows}×{Columns} {Channels switch { 1 => "grey", 3 => "RGB", _ => FormattableString.Invariant($"{Channels}-channel") }}");
}

/// <summary>The facts about a dataset in the options and in the headers of its files.</summary>
/// <param name="Image">The shape of its images, or null.</param>
/// <param name="Classes">One more than the largest label of the training images, or null.</param>
/// <param name="TestImage">The shape of the test images, or null.</param>
internal sealed record DatasetImages(ImageSize? Image, long? Classes, ImageSize? TestImage);

/// <summary>Reads the headers of the files that options name, each file once.</summary>
/// <param name="needed">False if an experiment is only inspected: then files are not opened.</param>
internal sealed class InputHeaders(string workingDirectory, bool needed)
{
    private const int ImageRank = 3;

    private readonly Dictionary<string, WeightsHeader?> _weights = [];
    private readonly Dictionary<string, SampleHeader?> _samples = [];
    private readonly Dictionary<string, ImageSize?> _idxImages = [];
    private readonly Dictionary<(string Folder, int Limit), long?> _idxClasses = [];

    /// <summary>The folder that relative paths in options start from.</summary>
    public string WorkingDirectory => workingDirectory;

    /// <summary>Whether files are opened.</summary>
    public bool Reads => needed;

    /// <summary>Whether a path names a file.</summary>
    public bool IsFile(string path) => Resolve(path) is { } full && File.Exists(full);

    /// <summary>Whether a path names a folder.</summary>
    public bool IsFolder(string path) => Resolve(path) is { } full && Directory.Exists(full);

    /// <summary>Whether a program exists: at a path with a separator, otherwise in the folders of PATH.</summary>
    public bool FindsProgram(string program) => program.Contains('/') || program.Contains(Path.DirectorySeparatorChar)
        ? IsFile(program)
        : ProgramSearch.Finds(program, IsFile);

    /// <summary>The samples in a file or folder, or null if they are unknown.</summary>
    public SampleHeader? Samples(string path) =>
        !needed || Resolve(path) is not { } full ? null : Once(_samples, path, () => SampleHeader.Read(full));

    private string? Resolve(string path) => path.Length == 0 || path.Contains('\0') ? null : Path.GetFullPath(path, workingDirectory);

    /// <summary>The header of a safetensors file, or null if it is unknown.</summary>
    public WeightsHeader? Weights(string? weights) =>
        weights is null || !needed ? null : Once(_weights, weights, () => WeightsHeader.Read(weights, workingDirectory));

    public DatasetImages Dataset(OptionView options)
    {
        switch (options.Kind("dataset"))
        {
            case "imageFolder" or "none" when options.Number("dataset.size") is { } size:
                var image = new ImageSize(3, (long)size, (long)size);
                return new DatasetImages(image, (long?)options.Number("dataset.classes"), image);
            case "idx" when needed && options.Text("dataset.path") is { } path:
                int limit = (int)(options.Number("dataset.trainLimit") ?? 0);
                string train = Path.Combine(path, IdxDatasetOptions.FileNames[0]);
                string labels = Path.Combine(path, IdxDatasetOptions.FileNames[1]);
                string test = Path.Combine(path, IdxDatasetOptions.FileNames[2]);
                return new DatasetImages(
                    Once(_idxImages, train, () => Open(train, ImageSizeOf)),
                    Once(_idxClasses, (path, limit), () => Open(labels, stream => ClassesOf(stream, limit))),
                    Once(_idxImages, test, () => Open(test, ImageSizeOf)));
            default:
                return new DatasetImages(null, null, null);
        }
    }

    private static TValue Once<TKey, TValue>(Dictionary<TKey, TValue> known, TKey key, Func<TValue> read)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out var value))
        {
            known[key] = value = read();
        }

        return value;
    }

    /// <summary>
    /// Whether a file of reference statistics also contains images, and labels of them. Null if that is unknown: then the stage that reads it
    /// reports what is missing.
    /// </summary>
    public (bool Images, bool Labels)? Statistics(string? path)
    {
        if (path is null || !needed)
        {
            return null;
        }

        if (!path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return Weights(path) is { } header ? (header.Shape("images") is not null, header.Shape("labels") is not null) : null;
        }

        try
        {
            using var archive = ZipFile.OpenRead(Path.GetFullPath(path, workingDirectory));
            return (archive.GetEntry("arr_0.npy") is not null, archive.GetEntry("arr_1.npy") is not null);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException
            or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Reads a gzipped file. Null if it cannot be read: the dataset stage reports the reason.</summary>
    private T? Open<T>(string path, Func<Stream, T?> read)
    {
        try
        {
            using var file = File.OpenRead(Path.GetFullPath(path, workingDirectory));
            using var stream = new GZipStream(file, CompressionMode.Decompress);
            return read(stream);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException
            or ArgumentException or NotSupportedException)
        {
            return default;
        }
    }

    private static ImageSize? ImageSizeOf(Stream stream) =>
        Sizes(stream, ImageRank) is [_, > 0 and var rows, > 0 and var columns] ? new ImageSize(1, rows, columns) : null;

    private static long? ClassesOf(Stream stream, int limit)
    {
        if (Sizes(stream, rank: 1) is not [> 0 and var count])
        {
            return null;
        }

        long left = limit > 0 ? Math.Min(limit, count) : count;
        long largest = 0;
        byte[] buffer = new byte[1 << 16];
        while (left > 0)
        {
            int read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0)
            {
                return null;
            }

            foreach (byte label in buffer.AsSpan(0, read))
            {
                largest = Math.Max(largest, label);
            }

            left -= read;
        }

        return largest + 1;
    }

    /// <summary>The sizes in an IDX header of this rank, or null.</summary>
    private static int[]? Sizes(Stream stream, int rank)
    {
        byte[] header = new byte[4 + (4 * rank)];
        stream.ReadExactly(header);
        return header[3] == rank
            ? [.. Enumerable.Range(1, rank).Select(i => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 * i)))]
            : null;
    }
}

/// <summary>
/// The header of a safetensors file: metadata and the shapes of the tensors, without their values. Files of other formats are unknown
/// here; the stage that loads a file checks it in full.
/// </summary>
public sealed class WeightsHeader
{
    private const int LengthPrefix = 8;
    private const int LargestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes = [];

    /// <summary>The type of the network that the file describes, e.g. `vit-encoder`; null if the file does not describe a network.</summary>
    public string? Type => Meta("type");

    /// <summary>The options of the network that the file describes, or null.</summary>
    public JsonElement? Network => Parse(Meta("network")) is { ValueKind: JsonValueKind.Object } network ? network : null;

    /// <summary>The names of the tensors.</summary>
    public IEnumerable<string> Names => _shapes.Keys;

    /// <summary>A string in the metadata, or null.</summary>
    public string? Meta(string key) => _metadata.GetValueOrDefault(key);

    /// <summary>The sizes of a tensor, or null.</summary>
    public IReadOnlyList<long>? Shape(string name) => _shapes.GetValueOrDefault(name);

    /// <summary>A positive whole number in the metadata, or null.</summary>
    public long? Number(string key) => long.TryParse(Meta(key), out long value) && value > 0 ? value : null;

    /// <summary>Three sizes in the metadata, written as CxHxW, or null.</summary>
    public (long Channels, long Rows, long Columns)? Sizes(string key)
    {
        long[] sizes = [.. (Meta(key) ?? "").Split('x').Select(part => long.TryParse(part, out long size) ? size : 0)];
        return sizes is [> 0, > 0, > 0] ? (sizes[0], sizes[1], sizes[2]) : null;
    }

    /// <summary>Reads the header of a file.</summary>
    /// <param name="weights">PATH, or PATH::NAME for the dictionary NAME inside the file.</param>
    /// <returns>Null if the file is missing or has no readable safetensors header.</returns>
    public static WeightsHeader? Read(string weights, string workingDirectory)
    {
        string path = WeightPath.FileOf(weights);
        string prefix = path.Length == weights.Length ? "" : weights[(path.Length + 2)..] + ".";
        try
        {
            using var file = File.OpenRead(Path.GetFullPath(path, workingDirectory));
            Span<byte> start = stackalloc byte[LengthPrefix];
            file.ReadExactly(start);
            long length = BinaryPrimitives.ReadInt64LittleEndian(start);
            if (length is < 2 or > LargestHeader || length > file.Length - LengthPrefix)
            {
                return null;
            }

            byte[] header = new byte[length];
            file.ReadExactly(header);
            return Parse(header, prefix);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException
            or InvalidOperationException or FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static WeightsHeader? Parse(byte[] bytes, string prefix)
    {
        using var json = JsonDocument.Parse(bytes);
        var header = new WeightsHeader();
        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name != MetadataName)
            {
                if (entry.Name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    header._shapes[entry.Name[prefix.Length..]] =
                        [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
                }
            }
            else if (entry.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var item in entry.Value.EnumerateObject().Where(item => item.Name.StartsWith(prefix, StringComparison.Ordinal)))
                {
                    header._metadata[item.Name[prefix.Length..]] =
                        item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString()! : item.Value.GetRawText();
                }
            }
        }

        return header;
    }

    private static JsonElement? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
