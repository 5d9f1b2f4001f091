namespace MfRae.Lab.Learning.Formats;

/// <summary>What a pickle says of a tensor.</summary>
/// <param name="Offset">Of its first element in the storage, in numbers.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);
