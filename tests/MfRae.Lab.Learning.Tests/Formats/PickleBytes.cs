using System.Buffers.Binary;
using System.Text;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Handwritten pickles in the form of torch.save.</summary>
internal static class PickleBytes
{
    public const string RebuildTensor = "torch._utils\n_rebuild_tensor_v2\n";

    /// <summary>A whole pickle of one value.</summary>
    public static byte[] Of(byte[] value) => [0x80, 2, .. value, (byte)'.'];

    /// <summary>Instructions given as characters of one byte.</summary>
    public static byte[] Raw(string instructions) => Encoding.Latin1.GetBytes(instructions);

    public static byte[] Int(long value)
    {
        byte[] code = [0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt64LittleEndian(code.AsSpan(2), value);
        return code;
    }

    public static byte[] Text(string text)
    {
        var letters = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, letters.Length);
        return [(byte)'X', .. length, .. letters];
    }

    public static byte[] List(params byte[][] items) => [.. "]("u8, .. items.SelectMany(item => item), (byte)'e'];

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Dictionary(params (string Key, byte[] Value)[] entries) =>
        [.. "}("u8, .. entries.SelectMany(entry => Text(entry.Key).Concat(entry.Value)), (byte)'u'];

    public static byte[] Call(string global, params byte[][] arguments) => [.. Raw("c" + global), .. Tuple(arguments), (byte)'R'];

    public static byte[] Storage(string type, string key, long count) =>
        [.. Tuple(Text("storage"), Raw($"ctorch\n{type}\n"), Text(key), Text("cpu"), Int(count)), (byte)'Q'];

    /// <summary>A tensor on the storage of a key.</summary>
    public static byte[] Tensor(string type, string key, long count, long offset, long[] shape, long[] strides) => Call(
        RebuildTensor, Storage(type, key, count), Int(offset), Sizes(shape), Sizes(strides), [0x89], Call("collections\nOrderedDict\n"));

    private static byte[] Sizes(long[] sizes) => Tuple([.. sizes.Select(Int)]);
}
