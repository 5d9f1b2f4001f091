using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Care;

/// <summary>
/// Ingests whole journals of a store, and says what of them was not taken in. The identity of measurements of earlier versions waits for
/// <see cref="RunLog.Identify"/>.
/// </summary>
internal static class JournalIngest
{
    /// <summary>Ingests the lines up to the first one that cannot be read.</summary>
    /// <param name="taken">False where the database refused the lines.</param>
    /// <returns>What was not taken in, in sentences.</returns>
    public static IReadOnlyList<string> Take(RunLog log, string stage, JournalFile journal, string folder, out bool taken)
    {
        var warnings = new List<string>();
        var chunk = JournalReader.ReadUpToProblem(journal.Path, out var problem);
        taken = true;
        try
        {
            log.IngestAlone(stage, journal.Attempt, chunk.Lines, folder);
        }
        catch (LabException error)
        {
            taken = false;
            warnings.Add(error.Message);
        }

        return [.. warnings, .. new[] { problem, chunk.Skipped(journal.Path) }.OfType<string>()];
    }
}
