namespace MfRae.Lab.Cli.Verbs;

/// <summary>What the user asked `run` for.</summary>
/// <param name="Overrides">`path.to.option=value` and `seeds=0-5`, as written.</param>
/// <param name="CheckpointSeconds">Seconds between two checkpoints of a training.</param>
/// <param name="Only">Arms to run; empty: all.</param>
/// <param name="Arguments">The words of the command line, for the record.</param>
public sealed record RunRequest(
    string File,
    IReadOnlyList<string> Overrides,
    IReadOnlyList<string> Only,
    string Device,
    int Jobs,
    bool Fresh,
    bool FailFast,
    bool RetryFailed,
    bool Wait,
    int CheckpointSeconds,
    bool Quiet,
    bool Json,
    IReadOnlyList<string> Arguments);
