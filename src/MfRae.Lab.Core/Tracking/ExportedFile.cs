namespace MfRae.Lab.Core.Tracking;

/// <summary>A file that an export wrote.</summary>
/// <param name="Name">Below the export's folder, with /.</param>
/// <param name="Rows">Rows, or events.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ExportedFile(string Name, long Rows, long Size, string Sha256);
