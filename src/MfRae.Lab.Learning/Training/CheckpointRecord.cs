namespace MfRae.Lab.Learning.Training;

/// <summary>The content of `checkpoint.json`.</summary>
/// <param name="File">The name of the file with the tensors, beside it.</param>
/// <param name="Sha256">That file's hash, in lower-case hex.</param>
public sealed record CheckpointRecord(string File, string Sha256);
