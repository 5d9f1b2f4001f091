namespace MfRae.Lab.Cli.Output;

/// <summary>What `run` ends with.</summary>
/// <param name="Status">completed, failed or interrupted.</param>
/// <param name="ReportFile">Null where no report was written.</param>
public sealed record RunReport(
    string Status,
    int Stages,
    int Reused,
    int Computed,
    int Failed,
    Results? Results,
    string? ReportFile,
    string DatabaseFile);
