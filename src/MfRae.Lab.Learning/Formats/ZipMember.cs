namespace MfRae.Lab.Learning.Formats;

/// <summary>A file inside a zip archive.</summary>
/// <param name="Offset">Of its content in the archive.</param>
/// <param name="Packed">Bytes in the archive.</param>
/// <param name="Length">Bytes as declared; the same where it is stored.</param>
internal sealed record ZipMember(string Name, long Offset, long Packed, long Length, bool Deflated);
