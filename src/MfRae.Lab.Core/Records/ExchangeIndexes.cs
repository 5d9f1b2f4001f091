namespace MfRae.Lab.Core.Records;

/// <summary>The index of an export: its `export.json`, the last file written.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="PlanHash">Hash of the current plan.</param>
/// <param name="Schema">Version of the database's schema.</param>
/// <param name="Files">The files, ordered by name.</param>
public sealed record ExportIndex(int Format, string Experiment, string PlanHash, long Schema, IReadOnlyList<ExportedFile> Files)
{
    /// <summary>The name of the index file.</summary>
    public const string FileName = "export.json";
}

/// <summary>A file that an export wrote.</summary>
/// <param name="Name">Path below the folder of the export, with /.</param>
/// <param name="Rows">Number of rows or events.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ExportedFile(string Name, long Rows, long Size, string Sha256);

/// <summary>The index of a capsule: its `capsule.json`, the last entry, which lists all other entries.</summary>
/// <param name="Format">Version of the capsule; 1.</param>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="PlanHash">Hash of its plan.</param>
public sealed record CapsuleIndex(int Format, string Experiment, string PlanHash, IReadOnlyList<CapsuleEntry> Entries)
{
    /// <summary>The latest known version of the capsule.</summary>
    public const int Known = 1;
}

/// <summary>A file in a capsule.</summary>
/// <param name="Size">Uncompressed size in bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record CapsuleEntry(string Name, long Size, string Sha256);
