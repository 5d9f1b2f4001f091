namespace MfRae.Lab.Core.Tracking;

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
