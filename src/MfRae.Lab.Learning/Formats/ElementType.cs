using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>A type of numbers that files may hold, with its name in each format.</summary>
/// <param name="Type">The same in torch.</param>
/// <param name="Size">Bytes of one number.</param>
/// <param name="Safetensors">In a safetensors header.</param>
/// <param name="Storage">The class of PyTorch storages of this type.</param>
/// <param name="Numpy">In an .npy header, without the byte order; empty where numpy has no such type.</param>
internal sealed record ElementType(ScalarType Type, int Size, string Safetensors, string Storage, string Numpy)
{
    public static readonly IReadOnlyList<ElementType> All =
    [
        new(ScalarType.Float64, 8, "F64", "DoubleStorage", "f8"),
        new(ScalarType.Float32, 4, "F32", "FloatStorage", "f4"),
        new(ScalarType.Float16, 2, "F16", "HalfStorage", "f2"),
        new(ScalarType.BFloat16, 2, "BF16", "BFloat16Storage", ""),
        new(ScalarType.Int64, 8, "I64", "LongStorage", "i8"),
        new(ScalarType.Int32, 4, "I32", "IntStorage", "i4"),
        new(ScalarType.Int16, 2, "I16", "ShortStorage", "i2"),
        new(ScalarType.Int8, 1, "I8", "CharStorage", "i1"),
        new(ScalarType.Byte, 1, "U8", "ByteStorage", "u1"),
        new(ScalarType.Bool, 1, "BOOL", "BoolStorage", "b1"),
    ];

    public static readonly ElementType Byte = Of(ScalarType.Byte);

    /// <exception cref="ArgumentException">No format of the lab holds such numbers.</exception>
    public static ElementType Of(ScalarType type) => All.FirstOrDefault(entry => entry.Type == type)
        ?? throw new ArgumentException($"tensors of type {type} cannot be stored", nameof(type));
}
