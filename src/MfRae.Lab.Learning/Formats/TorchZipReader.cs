using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Checkpoints as torch.save has written them since version 1.6: a zip archive of NAME/data.pkl, a pickle that names the
/// storages, and NAME/data/KEY, one for each storage. Other records say nothing about values, but for the byte order.
/// </summary>
internal sealed class TorchZipReader(FileBytes file, IReadOnlyDictionary<string, ZipMember> members)
{
    private const string Format = "PyTorch checkpoint (zip)";
    private const string Pickle = "data.pkl";

    /// <summary>Whether the members are those of a checkpoint.</summary>
    public static bool Recognises(IReadOnlyDictionary<string, ZipMember> members) => members.Keys.Any(IsPickle);

    /// <exception cref="LabException">The checkpoint is damaged, or its pickle asks for more than tensors.</exception>
    public TensorFile Read()
    {
        var pickles = members.Values.Where(member => IsPickle(member.Name)).ToList();
        if (pickles is not [{ Deflated: false } pickle])
            throw file.Broken($"has {pickles.Count} pickles in its archive, or a compressed one, where torch.save stores one");
        var root = pickle.Name[..^Pickle.Length];
        if (Find(root + "byteorder") is { } order
            && !file.Copy(order.Offset, order.Bytes, "its byte order").AsSpan().SequenceEqual("little"u8))
            throw file.Broken("was written on a big-endian machine; save it again on a little-endian one");
        if (pickle.Length > PickleReader.Longest)
            throw file.Broken($"has a pickle of {pickle.Length} bytes; {PickleReader.Longest} are read at most");

        var cursor = new ByteCursor(file, pickle.Offset, pickle.Offset + pickle.Length, pickle.Name);
        var value = new PickleReader(file, cursor, pickle.Name).Read();
        return new PickleTree(file, cursor.Done, key => Find($"{root}data/{key}")).Flatten(value, Format);
    }

    private static bool IsPickle(string name) =>
        name == Pickle || (name.EndsWith("/" + Pickle, StringComparison.Ordinal) && name.IndexOf('/') == name.Length - Pickle.Length - 1);

    private (long Offset, long Bytes)? Find(string name) =>
        members.TryGetValue(name, out var member) && !member.Deflated ? (member.Offset, member.Length) : null;
}
