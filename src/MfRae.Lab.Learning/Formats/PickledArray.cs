using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>An array of numpy inside a pickle, empty until its state has been read.</summary>
internal sealed class PickledArray
{
    private PickledNumbers? _type;
    private byte[] _values = [];
    private IReadOnlyList<long> _shape = [];
    private bool _fortran;

    /// <summary>The reason why it is not read, as a predicate; null where it is read.</summary>
    public string? Unread => _type?.Type is null ? $"is an array of '{FileFormats.Printable(_type?.Name ?? "nothing")}', which is not read" : null;

    /// <summary>
    /// (version, shape, type, whether the first index runs fastest, values). The values of arrays of objects are a list, which is dropped.
    /// False where it is another state.
    /// </summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, object?[] shape, PickledNumbers type, bool fortran, var values]
            || !shape.All(extent => extent is long and >= 0) || (values is not PickledBytes && type.Type is not null))
            return false;
        (_type, _values, _shape, _fortran) = (type, (values as PickledBytes)?.Content ?? [], [.. shape.Cast<long>()], fortran);
        return true;
    }

    /// <exception cref="Core.Experiments.LabException">More or fewer numbers than the shape has.</exception>
    public StoredTensor Stored(FileBytes file, string name)
    {
        var type = _type?.Type ?? throw new InvalidOperationException($"'{name}' is not read");
        var bytes = FileBytes.Of(file.Path, _values);
        if (bytes.Count(name, _shape, type, _values.Length) * type.Size != _values.Length)
            throw file.Broken($"holds {_values.Length} bytes for the array '{name}' [{string.Join(", ", _shape)}]");
        if (!_fortran)
            return bytes.Stored(name, type, _shape, 0);
        var turned = bytes.Stored(name, type, [.. _shape.Reverse()], 0);
        long[] axes = [.. Enumerable.Range(0, _shape.Count).Select(axis => _shape.Count - 1L - axis)];
        return new(type.Type, _shape, () => turned.Read().permute(axes));
    }
}
