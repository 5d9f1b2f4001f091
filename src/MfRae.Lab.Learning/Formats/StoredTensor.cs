using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>A tensor of a file: what is known of it without looking at its values, and the way to them.</summary>
public sealed class StoredTensor
{
    private readonly Func<Tensor> _read;

    internal StoredTensor(ScalarType type, IReadOnlyList<long> shape, Func<Tensor> read)
    {
        Type = type;
        Shape = shape;
        _read = read;
    }

    public ScalarType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>
    /// The values on the CPU, without gradient: a view of the mapped file wherever that is possible, so that several
    /// readings may share memory; it may have strides. Belongs to the caller's dispose scope.
    /// </summary>
    public Tensor Read() => _read();

    internal static StoredTensor Of(Tensor value) => new(value.dtype, value.shape, value.detach);
}
