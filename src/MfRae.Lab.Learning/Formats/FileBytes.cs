using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// The bytes of one file, mapped into memory: the system reads a page when it is first accessed. The map is private, so that changing a
/// tensor in place does not change the file. It lives as long as a tensor that refers to it. If the file is truncated in place
/// meanwhile, the system ends the process. Writers that replace the file by a rename do no harm.
/// </summary>
internal sealed class FileBytes
{
    private const int Chunk = 1 << 24;

    private readonly Func<ElementType, Tensor> _map;
    private readonly Dictionary<ElementType, Tensor> _maps = [];
    private readonly bool _mapped;

    private FileBytes(string path, long length, bool mapped, Func<ElementType, Tensor> map)
    {
        Path = path;
        Length = length;
        _mapped = mapped;
        _map = map;
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="LabException">The file is missing, empty or cannot be read.</exception>
    public static FileBytes Open(string path)
    {
        long length;
        try
        {
            using var file = File.OpenRead(path);
            length = file.Length;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LabException($"the file {path} does not exist", missing);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the file {path} cannot be read: {refused.Message}", refused);
        }
        if (length == 0)
            throw new LabException($"the file {path} is empty: fetch it again");
        return new(path, length, mapped: true, type => Map(path, length / type.Size, type.Type));
    }

    /// <summary>Bytes in memory.</summary>
    public static FileBytes Of(string path, byte[] content) => new(path, content.Length, mapped: false, type =>
    {
        var count = content.Length / type.Size;
        var values = empty(count, dtype: type.Type);
        if (count > 0)
            content.AsSpan(0, count * type.Size).CopyTo(values.bytes);
        return values;
    });

    /// <summary>A copy of a piece that does not belong to a tensor.</summary>
    /// <param name="what">The piece in words, for the message.</param>
    /// <exception cref="LabException">The file is too short.</exception>
    public byte[] Copy(long offset, long count, string what)
    {
        if (offset < 0 || count < 0 || count > Array.MaxLength || offset > Length - count)
            throw Broken($"ends at {Length}, before {what} does");
        var copy = new byte[count];
        if (count > 0)
        {
            using var part = As(ElementType.Byte).narrow(0, offset, count);
            part.bytes.CopyTo(copy);
        }
        return copy;
    }

    /// <summary>A piece as a stream, which must not be used after <paramref name="read"/> returns.</summary>
    public unsafe T Stream<T>(long offset, long count, Func<Stream, T> read)
    {
        if (count == 0)
            return read(System.IO.Stream.Null);
        using var part = As(ElementType.Byte).narrow(0, offset, count);
        using var start = part.narrow(0, 0, 1);
        fixed (byte* first = start.bytes)
        {
            using var stream = new UnmanagedMemoryStream(first, count);
            return read(stream);
        }
    }

    /// <summary>
    /// A tensor at an offset in the file, row-major and little-endian. Reading it makes a view of the map where the offset is a
    /// multiple of the size of its numbers, and a copy otherwise.
    /// </summary>
    /// <exception cref="LabException">The file is too short.</exception>
    public StoredTensor Stored(string name, ElementType type, IReadOnlyList<long> shape, long offset)
    {
        var count = Count(name, shape, type, Length);
        return Stored(name, type, shape, offset, count, Chunk / type.Size, (values, extents) => values.view(extents));
    }

    /// <summary>A tensor with strides: element (i, j, …) lies i·strides[0] + j·strides[1] + … numbers after the offset.</summary>
    public StoredTensor Stored(string name, ElementType type, IReadOnlyList<long> shape, IReadOnlyList<long> strides, long offset)
    {
        var count = Count(name, shape, type, Length) == 0 ? 0 : Reach(shape, strides);
        return Stored(name, type, shape, offset, count, count,
            (values, extents) => values.as_strided(extents, [.. strides], values.storage_offset()));
    }

    /// <summary>The distance from the first element to the end of the last one, in numbers.</summary>
    public static long Reach(IReadOnlyList<long> shape, IReadOnlyList<long> strides)
    {
        Int128 last = 0;
        for (var i = 0; i < shape.Count; i++)
            last += (Int128)Math.Max(shape[i] - 1, 0) * strides[i];
        return (long)Int128.Min(last + 1, long.MaxValue / 16);
    }

    /// <summary>The number of elements of a shape.</summary>
    /// <exception cref="LabException">The shape is invalid, or needs more than <paramref name="available"/> bytes.</exception>
    public long Count(string name, IReadOnlyList<long> shape, ElementType type, long available)
    {
        const int mostDimensions = 64;
        if (shape.Count > mostDimensions)
            throw Broken($"gives '{name}' {shape.Count} dimensions, more than the {mostDimensions} that torch knows");
        Int128 steps = 1;
        foreach (var extent in shape)
        {
            // A tensor without elements has strides too, which torch multiplies.
            steps *= Math.Max(extent, 1);
            if (extent < 0 || steps > long.MaxValue / 16)
                throw Broken($"gives '{name}' the impossible shape [{string.Join(", ", shape)}]");
        }
        var count = shape.Contains(0) ? 0 : (long)steps;
        return count * type.Size <= available
            ? count
            : throw Broken($"gives '{name}' the shape [{string.Join(", ", shape)}], which is larger than the file");
    }

    public LabException Broken(string what, Exception? inner = null) =>
        new($"the file {Path} {what}: it is damaged, or its extension is wrong", inner);

    // Tensors without strides are copied in chunks.
    private StoredTensor Stored(
        string name, ElementType type, IReadOnlyList<long> shape, long offset, long count, long chunk, Func<Tensor, long[], Tensor> arrange)
    {
        if (offset < 0 || offset > Length - (count * type.Size))
            throw Broken($"ends at {Length}, before the tensor '{name}' does");
        // Mapped now and not when the tensor is read, because the map belongs to the dispose scope in which the file is opened.
        var (map, bytes) = (As(type), As(ElementType.Byte));
        return new(type.Type, shape, () => arrange(Values(map, bytes, type, offset, count), [.. shape]), Copy);

        void Copy(Tensor target)
        {
            var whole = chunk >= count;
            for (long done = 0; done < count; done += chunk)
            {
                using var part = NewDisposeScope();
                var (start, now) = (offset + (done * type.Size), Math.Min(chunk, count - done));
                var values = Values(map, bytes, type, start, now);
                (whole ? target : target.view(-1).narrow(0, done, now)).copy_(whole ? arrange(values, [.. shape]) : values);
                if (_mapped)
                    MappedPages.Release(start % type.Size == 0 ? map : bytes, start, now * type.Size);
            }
        }
    }

    // Booleans become 0 or 1: torch does not define the behaviour for other bytes.
    private static Tensor Values(Tensor map, Tensor bytes, ElementType type, long offset, long count) =>
        type.Type == ScalarType.Bool ? bytes.narrow(0, offset, count).ne(0)
        : offset % type.Size == 0 ? map.narrow(0, offset / type.Size, count)
        : Unaligned(bytes, type, offset, count);

    private static Tensor Unaligned(Tensor bytes, ElementType type, long offset, long count)
    {
        var values = empty(count, dtype: type.Type);
        for (long done = 0; done < count; done += Chunk)
        {
            var now = Math.Min(Chunk, count - done);
            using var target = values.narrow(0, done, now);
            using var source = bytes.narrow(0, offset + (done * type.Size), now * type.Size);
            source.bytes.CopyTo(target.bytes);
        }
        return values;
    }

    private static Tensor Map(string path, long count, ScalarType type)
    {
        try
        {
            return from_file(path, shared: false, size: count, dtype: type);
        }
        catch (ExternalException refused)
        {
            throw new LabException($"the file {path} cannot be mapped into memory: {refused.Message.Split('\n')[0]}", refused);
        }
    }

    private Tensor As(ElementType type)
    {
        if (!_maps.TryGetValue(type, out var map))
            _maps[type] = map = _map(type);
        return map;
    }
}

/// <summary>The pages of mapped files.</summary>
internal static class MappedPages
{
    private const int DontNeed = 4;

    /// <summary>
    /// Removes the pages of a piece of a map from the memory of the process; the system reads them from the file again when they are
    /// accessed. Changes of their values in memory are lost. Without effect on Windows, which removes unused pages itself.
    /// </summary>
    /// <param name="map">The whole file as a tensor.</param>
    public static unsafe void Release(Tensor map, long offset, long bytes)
    {
        if (OperatingSystem.IsWindows())
            return;
        var size = map.element_size();
        using var first = map.narrow(0, offset / size, 1);
        fixed (byte* start = first.bytes)
        {
            // Whole pages only: other tensors share the first and the last page.
            var page = (nuint)Environment.SystemPageSize;
            var begin = ((nuint)start + (nuint)(offset % size) + page - 1) / page * page;
            var end = ((nuint)start + (nuint)(offset % size) + (nuint)bytes) / page * page;
            if (begin < end)
                _ = Advise((void*)begin, end - begin, DontNeed);
        }
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern unsafe int Advise(void* start, nuint length, int advice);
}

/// <summary>Reads a piece of a file from front to back.</summary>
/// <param name="what">The piece in words, for messages.</param>
/// <exception cref="LabException">All members: the piece is too short.</exception>
internal sealed class ByteCursor(FileBytes file, long start, long end, string what)
{
    private const int Window = 1 << 16;

    private readonly long _start = start;
    private byte[] _window = [];
    private int _next;

    /// <summary>Bytes read so far.</summary>
    public long Done => Position - _start;

    /// <summary>The offset of the next byte in the file.</summary>
    public long Position { get; private set; } = start;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>The next bytes, valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > end - Position)
            throw file.Broken($"ends inside {what}");
        if (count > _window.Length - _next)
        {
            _window = file.Copy(Position, Math.Min(Math.Max(count, Window), end - Position), what);
            _next = 0;
        }
        var taken = _window.AsSpan(_next, (int)count);
        _next += (int)count;
        Position += count;
        return taken;
    }
}

/// <summary>Writes a file to a temporary name and renames it, so that a file that exists is complete.</summary>
internal static class FileAside
{
    /// <summary>The end of the temporary name.</summary>
    public const string Suffix = ".tmp";

    public static void Write(string path, Action<FileStream> write)
    {
        var aside = path + Suffix;
        try
        {
            using (var file = File.Create(aside))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}

/// <summary>Writes the values of tensors, row-major and little-endian.</summary>
internal static class TensorStream
{
    private const long ChunkBytes = 1 << 24;

    /// <summary>
    /// Writes from the tensor's memory where it is contiguous and on the CPU; in chunks, because a span is limited to 2 GB.
    /// </summary>
    public static void Write(Stream stream, StoredTensor tensor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var flat = tensor.Read().detach().cpu().contiguous().view(-1);
        var chunk = ChunkBytes / flat.element_size();
        for (long done = 0; done < flat.numel(); done += chunk)
        {
            using var part = flat.narrow(0, done, Math.Min(chunk, flat.numel() - done));
            stream.Write(part.bytes);
        }
    }
}
