namespace MfRae.Lab.Core.Upkeep;

/// <summary>What re-checking one stage found.</summary>
/// <param name="Files">Number of files that its manifest lists; 0 where it is not complete.</param>
/// <param name="Bytes">Their sizes together.</param>
/// <param name="Problems">What is not as it was recorded, a sentence each.</param>
/// <param name="Remark">Why there is nothing to check, or null.</param>
public sealed record StageVerification(string Key, string Label, int Files, long Bytes, IReadOnlyList<string> Problems, string? Remark);
