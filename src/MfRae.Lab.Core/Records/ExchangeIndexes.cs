namespace MfRae.Lab.Core.Records;

/// <summary>What an export's folder holds: its `export.json`, the last file written.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="PlanHash">Of the plan that is current.</param>
/// <param name="Schema">Version of the database's schema.</param>
/// <param name="Files">In the order of their names.</param>
public sealed record ExportIndex(int Format, string Experiment, string PlanHash, long Schema, IReadOnlyList<ExportedFile> Files)
{
    public const string FileName = "export.json";
}

/// <summary>A file that an export wrote.</summary>
/// <param name="Name">Below the export's folder, with /.</param>
/// <param name="Rows">Rows, or events.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ExportedFile(string Name, long Rows, long Size, string Sha256);

/// <summary>What a capsule holds: its `capsule.json`, the last entry, which names all others.</summary>
/// <param name="Format">Version of the capsule; 1.</param>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="PlanHash">Of its plan.</param>
public sealed record CapsuleIndex(int Format, string Experiment, string PlanHash, IReadOnlyList<CapsuleEntry> Entries)
{
    public const int Known = 1;
}

/// <summary>A file in a capsule.</summary>
/// <param name="Size">Bytes when unpacked.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record CapsuleEntry(string Name, long Size, string Sha256);
