using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The head of an array in numpy's .npy format: magic, version, length, and a Python dictionary in text.</summary>
/// <param name="BigEndian">Whether numbers have their most significant byte first.</param>
/// <param name="Fortran">Whether the first index runs fastest.</param>
/// <param name="Length">Bytes of the head.</param>
internal sealed partial record NpyHeader(ElementType Type, bool BigEndian, bool Fortran, IReadOnlyList<long> Shape, long Length)
{
    /// <summary>Bytes before the text, in version 1: magic, version, length.</summary>
    public const int Prefix = 10;

    private const int Smallest = 12;
    private const int LongestText = 10_000;

    public static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <param name="start">Gives the first so many bytes of the array's file.</param>
    /// <exception cref="LabException">The head is damaged, or the numbers are of a type that is not read.</exception>
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
        if (Dictionary().Match(text) is not { Success: true } match)
            throw file.Broken($"describes the array '{name}' as {FileFormats.Printable(text)}, which is not read: numbers of one type are");
        var shape = Shapes(match.Groups["shape"].Value)
            ?? throw file.Broken($"gives the array '{name}' an impossible shape: {FileFormats.Printable(text)}");
        var descr = match.Groups["descr"].Value;
        return new(TypeOf(file, name, descr), descr[0] == '>', match.Groups["fortran"].Value == "True", shape, prefix + length);
    }

    private static ElementType TypeOf(FileBytes file, string name, string descr)
    {
        if (descr.EndsWith('O'))
            throw new LabException($"the file {file.Path} holds Python objects in the array '{name}'. They are pickles, and "
                + "refused without being looked at; save arrays of numbers");
        var type = descr is ['<' or '>' or '|' or '=', ..] ? ElementType.All.FirstOrDefault(type => type.Numpy == descr[1..]) : null;
        return type ?? throw new LabException(
            $"the file {file.Path} holds an array '{name}' of type '{FileFormats.Printable(descr)}'; read are "
            + string.Join(", ", ElementType.All.Where(type => type.Numpy.Length > 0).Select(type => type.Numpy)));
    }

    private static List<long>? Shapes(string text)
    {
        var shape = new List<long>();
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!long.TryParse(item.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var extent))
                return null;
            shape.Add(extent);
        }
        return shape;
    }

    // As numpy writes it, with its keys in order.
    [GeneratedRegex(
        @"^\{'descr': '(?<descr>[^']+)', 'fortran_order': (?<fortran>True|False), 'shape': \((?<shape>[0-9L, ]*)\),? *\} *\n?$")]
    private static partial Regex Dictionary();
}
