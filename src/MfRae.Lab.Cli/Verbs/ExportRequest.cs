using MfRae.Lab.Tracking.Exchange;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What `export` was asked for.</summary>
/// <param name="Formats">None: a capsule.</param>
public sealed record ExportRequest(string Experiment, string Target, IReadOnlyList<ExportFormat> Formats, bool Force, bool Json);
