using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// A bare pickle. It has no place for tensors, so nothing but numbers and texts can come of it; it is read to say by name
/// what it asks for.
/// </summary>
internal sealed class RawPickleReader(FileBytes file)
{
    private const string Format = "pickle";
    private const string What = "its pickle";

    public static bool Recognises(FileBytes file) =>
        file.Copy(0, Math.Min(2, file.Length), "its start") is [PickleCode.Protocol, >= 2 and <= 5];

    /// <exception cref="LabException">The pickle is damaged, or asks for more than numbers and texts.</exception>
    public TensorFile Read()
    {
        var cursor = new ByteCursor(file, 0, Math.Min(file.Length, PickleReader.Longest), What);
        var value = new PickleReader(file, cursor, What).Read();
        return cursor.Position == file.Length
            ? new PickleTree(file, cursor.Done, _ => null).Flatten(value, Format)
            : throw file.Broken($"goes on after its pickle, at {cursor.Position}");
    }
}
