namespace MfRae.Lab.Core.Tracking;

/// <summary>What people wrote about experiments and runs: the one part of the database that no journal tells.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Tags">Each tag of each subject.</param>
/// <param name="Notes">At most one for each subject.</param>
/// <param name="Archived">Names of experiments that have been put away.</param>
public sealed record Marks(int Format, IReadOnlyList<Mark> Tags, IReadOnlyList<Mark> Notes, IReadOnlyList<string> Archived);
