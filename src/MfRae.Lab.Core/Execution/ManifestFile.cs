namespace MfRae.Lab.Core.Execution;

/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ManifestFile(string Name, long Size, string Sha256);
