using System.Buffers.Binary;
using System.Text;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The head of an array in numpy's .npy format: magic, version, length, and a Python dictionary in text.</summary>
/// <param name="Type">Null where the numbers are not read; <paramref name="Unread"/> then says why.</param>
/// <param name="BigEndian">Whether numbers have their most significant byte first.</param>
/// <param name="Fortran">Whether the first index runs fastest.</param>
/// <param name="Length">Bytes of the head.</param>
internal sealed record NpyHeader(
    ElementType? Type, string Unread, bool BigEndian, bool Fortran, IReadOnlyList<long> Shape, long Length)
{
    /// <summary>Bytes before the text, in version 1: magic, version, length.</summary>
    public const int Prefix = 10;

    private const int Smallest = 12;
    private const int LongestText = 10_000;

    public static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <param name="start">Gives the first so many bytes of the array's file.</param>
    /// <exception cref="LabException">The head is damaged.</exception>
    public static NpyHeader Read(FileBytes file, string name, Func<int, byte[]> start)
    {
        var head = start(Smallest);
        if (head.Length < Smallest || !Recognises(head) || head[6] is < 1 or > 3)
            throw file.Broken($"does not hold an array of numpy's format 1 to 3 in '{name}'");
        // Version 1 has two bytes for the length of the text, later ones four.
        var prefix = head[6] == 1 ? Prefix : Prefix + 2;
        var length = head[6] == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(8))
            : BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8));
        if (length > LongestText)
            throw file.Broken($"declares a head of {length} bytes for the array '{name}'");
        var text = Encoding.Latin1.GetString(start(prefix + (int)length).AsSpan(prefix));
        if (!PythonLiteral.TryRead(text, out var value) || value is not Dictionary<string, object?> { Count: 3 } fields
            || !fields.TryGetValue("descr", out var described) || !fields.TryGetValue("shape", out var extents)
            || !fields.TryGetValue("fortran_order", out var order) || order is not bool fortran)
            throw file.Broken($"describes the array '{name}' as {FileFormats.Printable(text)}, where numpy writes descr, fortran_order and shape");
        if (extents is not List<object?> items || !items.All(extent => extent is long and >= 0))
            throw file.Broken($"gives the array '{name}' an impossible shape: {FileFormats.Printable(text)}");
        var shape = items.Cast<long>().ToList();
        if (described is not string descr)
            return new(null, $"is described as {FileFormats.Printable(text)}; arrays of numbers of one type are read", false, fortran, shape,
                prefix + length);
        var type = descr is ['<' or '>' or '|' or '=', ..] ? ElementType.All.FirstOrDefault(type => type.Numpy == descr[1..]) : null;
        return new(type, type is null ? Why(descr) : "", descr is ['>', ..], fortran, shape, prefix + length);
    }

    private static string Why(string descr) => descr.EndsWith('O')
        ? "holds Python objects. They are pickles, and refused without being looked at; save arrays of numbers"
        : $"is of type '{FileFormats.Printable(descr)}'; read are "
            + string.Join(", ", ElementType.All.Where(type => type.Numpy.Length > 0).Select(type => type.Numpy));
}
