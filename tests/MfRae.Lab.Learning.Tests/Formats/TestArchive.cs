using System.Buffers.Binary;
using System.IO.Compression;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Zip archives in memory.</summary>
internal static class TestArchive
{
    public static byte[] Stored(params (string Name, byte[] Content)[] members) => Write(CompressionLevel.NoCompression, members);

    public static byte[] Packed(params (string Name, byte[] Content)[] members) => Write(CompressionLevel.SmallestSize, members);

    /// <summary>A checkpoint of torch.save: the pickle of a value, and storages by key.</summary>
    public static byte[] Checkpoint(byte[] value, params (string Key, byte[] Content)[] storages) => Stored(
        [("x/data.pkl", PickleBytes.Of(value)), .. storages.Select(storage => ($"x/data/{storage.Key}", storage.Content))]);

    public static TensorFile Open(byte[] archive) => FileFormats.Read(FileBytes.Of("test.file", archive));

    /// <summary>
    /// The same archive in the form of those above 4 GB: all sizes and places of the directory in zip64 fields.
    /// </summary>
    public static byte[] Wide(byte[] archive)
    {
        var end = archive.Length - 22;
        var count = U16(archive, end + 10);
        var start = (int)U32(archive, end + 16);
        List<byte> wide = [.. archive[..start]];
        for (int i = 0, at = start; i < count; i++)
        {
            int name = U16(archive, at + 28), extra = U16(archive, at + 30), comment = U16(archive, at + 32);
            var entry = archive[at..(at + 46 + name)];
            byte[] field = [1, 0, 24, 0, .. I64(U32(entry, 24)), .. I64(U32(entry, 20)), .. I64(U32(entry, 42))];
            entry.AsSpan(20, 8).Fill(0xff);
            entry.AsSpan(42, 4).Fill(0xff);
            BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(30), (ushort)field.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(32), 0);
            wide.AddRange([.. entry, .. field]);
            at += 46 + name + extra + comment;
        }
        long record = wide.Count;
        wide.AddRange([0x50, 0x4b, 6, 6, .. I64(44), 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        wide.AddRange([.. I64(count), .. I64(count), .. I64(record - start), .. I64(start)]);
        wide.AddRange([0x50, 0x4b, 6, 7, 0, 0, 0, 0, .. I64(record), 1, 0, 0, 0]);
        return [.. wide, 0x50, 0x4b, 5, 6, 0, 0, 0, 0, .. Enumerable.Repeat((byte)0xff, 12), 0, 0];
    }

    private static byte[] Write(CompressionLevel level, (string Name, byte[] Content)[] members)
    {
        var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }
        return archive.ToArray();
    }

    private static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static byte[] I64(long value) => BitConverter.GetBytes(value);
}
