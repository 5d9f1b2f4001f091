namespace MfRae.Lab.Learning.Formats;

/// <summary>What a pickle says of the memory behind tensors; several may share one.</summary>
/// <param name="Key">The name of its record.</param>
/// <param name="Count">Its length in numbers.</param>
internal sealed record PickledStorage(StorageClass Class, string Key, long Count);
