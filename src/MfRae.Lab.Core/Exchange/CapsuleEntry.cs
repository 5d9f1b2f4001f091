namespace MfRae.Lab.Core.Exchange;

/// <summary>A file in a capsule.</summary>
/// <param name="Size">Bytes when unpacked.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record CapsuleEntry(string Name, long Size, string Sha256);
