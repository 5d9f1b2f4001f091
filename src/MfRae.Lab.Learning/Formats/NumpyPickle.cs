using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Writes a dictionary of numpy arrays as torch.save does: a zip archive with one pickle of protocol 2, in which bytes are strings with
/// one character for each byte.
/// </summary>
internal static class NumpyPickle
{
    private const string Root = "archive/";

    // The earliest time that zip can store, so that equal arrays give equal files.
    private static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes to a temporary file and renames it.</summary>
    /// <param name="arrays">float64, with one or two dimensions.</param>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> arrays) => FileAside.Write(path, file =>
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
        Member(archive, "data.pkl", Pickle(arrays));
        Member(archive, "byteorder", "little"u8.ToArray());
        Member(archive, "version", "3\n"u8.ToArray());
    });

    private static void Member(ZipArchive archive, string name, byte[] content)
    {
        var entry = archive.CreateEntry(Root + name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Earliest;
        using var member = entry.Open();
        member.Write(content);
    }

    private static byte[] Pickle(IReadOnlyList<(string Name, Tensor Value)> arrays)
    {
        using var pickle = new MemoryStream();
        pickle.Write([PickleCode.Protocol, 2, PickleCode.EmptyDictionary, PickleCode.Mark]);
        foreach (var (name, value) in arrays)
        {
            Text(pickle, name);
            Array(pickle, value);
        }
        pickle.Write([PickleCode.SetItems, PickleCode.Stop]);
        return pickle.ToArray();
    }

    private static void Array(MemoryStream pickle, Tensor value)
    {
        if (value.dtype != ScalarType.Float64)
            throw new ArgumentException($"arrays of {value.dtype} are not written", nameof(value));
        Global(pickle, PickledGlobal.Array);
        pickle.WriteByte(PickleCode.Mark);
        Global(pickle, PickledGlobal.ArrayClass);
        Sizes(pickle, [0]);
        Bytes(pickle, "b"u8);
        pickle.Write([PickleCode.Tuple, PickleCode.Reduce]);

        pickle.Write([PickleCode.Mark, PickleCode.Int8, 1]);
        Sizes(pickle, value.shape);
        Global(pickle, PickledGlobal.Numbers);
        Text(pickle, "f8");
        pickle.Write([PickleCode.False, PickleCode.True, PickleCode.Tuple3, PickleCode.Reduce]);
        pickle.Write([PickleCode.Mark, PickleCode.Int8, 3]);
        Text(pickle, "<");
        pickle.Write([PickleCode.None, PickleCode.None, PickleCode.None]);
        Number(pickle, -1);
        Number(pickle, -1);
        Number(pickle, 0);
        pickle.Write([PickleCode.Tuple, PickleCode.Build, PickleCode.False]);
        Bytes(pickle, value.contiguous().cpu().bytes);
        pickle.Write([PickleCode.Tuple, PickleCode.Build]);
    }

    private static void Bytes(MemoryStream pickle, ReadOnlySpan<byte> values)
    {
        Global(pickle, PickledGlobal.Encode);
        Text(pickle, Encoding.Latin1.GetString(values));
        Text(pickle, "latin1");
        pickle.Write([PickleCode.Tuple2, PickleCode.Reduce]);
    }

    private static void Sizes(MemoryStream pickle, ReadOnlySpan<long> sizes)
    {
        pickle.WriteByte(PickleCode.Mark);
        foreach (var size in sizes)
            Number(pickle, (int)size);
        pickle.WriteByte(PickleCode.Tuple);
    }

    private static void Number(MemoryStream pickle, int value)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = PickleCode.Int32;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], value);
        pickle.Write(bytes);
    }

    private static void Text(MemoryStream pickle, string text)
    {
        var letters = Encoding.UTF8.GetBytes(text);
        Span<byte> head = stackalloc byte[5];
        head[0] = PickleCode.Text;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], letters.Length);
        pickle.Write(head);
        pickle.Write(letters);
    }

    private static void Global(MemoryStream pickle, string name)
    {
        var dot = name.LastIndexOf('.');
        pickle.WriteByte(PickleCode.Global);
        pickle.Write(Encoding.ASCII.GetBytes($"{name[..dot]}\n{name[(dot + 1)..]}\n"));
    }
}
