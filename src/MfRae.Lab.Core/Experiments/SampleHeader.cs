using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Images;

namespace MfRae.Lab.Core.Experiments;

/// <summary>The number and the shape of the samples in a file or folder, without their values.</summary>
/// <param name="Count">The number of images.</param>
/// <param name="Shape">The shape of their array; null for a folder.</param>
/// <param name="Problem">The reason why the file has no samples, or null.</param>
internal sealed partial record SampleHeader(long Count, IReadOnlyList<long>? Shape, string? Problem = null)
{
    private const int LongestHeader = 1 << 16;

    /// <summary>Reads the header of a file, or lists a folder. Null if that fails: then the stage that reads the samples reports the reason.</summary>
    /// <param name="full">The absolute path.</param>
    public static SampleHeader? Read(string full)
    {
        try
        {
            return Directory.Exists(full) ? OfFolder(full)
                : full.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) ? Of(NumpyShapes(full))
                : WeightsHeader.Read(full, "/") is { } header ? Of(header.Names.ToDictionary(name => name, name => header.Shape(name)!))
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException
            or ArgumentException or NotSupportedException or LabException)
        {
            return null;
        }
    }

    private static SampleHeader OfFolder(string folder) => ImageFiles.Below(folder, CancellationToken.None).Files.Count is > 0 and var count
        ? new(count, null)
        : new(0, null, "the folder has no images");

    private static SampleHeader Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) => SampleArray.Find(shapes) is { } name
        ? shapes[name] is [var count, ..] shape ? new(count, shape) : new(0, null, $"the array {name} has no dimensions")
        : new(0, null, $"none of its arrays is known to be images ({(shapes.Count == 0 ? "it has none" : string.Join(", ", shapes.Keys.Take(5)))})");

    private static Dictionary<string, IReadOnlyList<long>> NumpyShapes(string full)
    {
        using var archive = ZipFile.OpenRead(full);
        var shapes = new Dictionary<string, IReadOnlyList<long>>();
        foreach (var entry in archive.Entries.Where(entry => entry.Name.EndsWith(".npy", StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            if (ShapeOf(stream) is { } shape)
            {
                shapes[entry.FullName[..^".npy".Length]] = shape;
            }
        }

        return shapes;
    }

    // An .npy file begins with 6 bytes of magic, the version, the length of the header in 2 bytes (version 1) or 4, and a Python dictionary.
    private static List<long>? ShapeOf(Stream stream)
    {
        byte[] start = new byte[12];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
        {
            return null;
        }

        int length = start[6] == 1 ? start[8] | (start[9] << 8) : BitConverter.ToInt32(start, 8);
        byte[] header = new byte[Math.Clamp(length, 0, LongestHeader)];
        int read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        // With version 1, the last two bytes read belong to the header.
        string text = (start[6] == 1 ? Encoding.ASCII.GetString(start, 10, 2) : "") + Encoding.ASCII.GetString(header, 0, read);
        return ShapePattern().Match(text) is { Success: true } match
            ? [.. match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(size => long.TryParse(size.TrimEnd('L'), out long value) ? value : -1)]
            : null;
    }

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
