namespace MfRae.Lab.Learning.Formats;

/// <summary>What is known of a stored tensor without its values.</summary>
/// <param name="Type">As safetensors names it: F32, BF16, ….</param>
/// <param name="Count">Number of values.</param>
/// <param name="Bytes">Size of the values.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<long> Shape, long Count, long Bytes);
