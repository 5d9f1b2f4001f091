using System.Text.Json;

namespace MfRae.Lab.Core.Records;

/// <summary>A run of another program: `run.json`, which `mfrae_log.py` writes next to the journal of the run.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Id">32 hex digits, different for each run.</param>
/// <param name="Experiment">The name of the experiment.</param>
/// <param name="Baseline">Whether other arms are compared with the arm of this run.</param>
/// <param name="Question">The question of the experiment; may be empty.</param>
/// <param name="Config">The options of the run.</param>
/// <param name="Command">The command line of the program.</param>
public sealed record LoggedRun(
    int Format,
    string Id,
    string Experiment,
    string Arm,
    long Seed,
    bool Baseline,
    string Question,
    DateTimeOffset Started,
    JsonElement Config,
    string Command)
{
    /// <summary>The latest known format.</summary>
    public const int Known = 1;

    /// <summary>The name of the file.</summary>
    public const string FileName = "run.json";

    /// <summary>The name of the journal in the same folder.</summary>
    public const string JournalName = "journal.jsonl";
}
