namespace MfRae.Lab.Core.Experiments;

/// <summary>A mistake in what the user wrote: where, what, and what would be right.</summary>
/// <param name="File">The file, or null for the command line.</param>
/// <param name="Line">From 1; 0 where there is none.</param>
/// <param name="Path">JSON path such as `$.base.meanflow.lambda`.</param>
/// <param name="Suggestion">What would be right, or null.</param>
/// <param name="Absent">The file or folder that options name and that is not there, as the options write it; null for any other mistake.</param>
public sealed record Diagnostic(string? File, int Line, string Path, string Message, string? Suggestion, string? Absent = null)
{
    public override string ToString() =>
        $"{File ?? "command line"}{(Line > 0 ? $":{Line}" : "")}: {Path}: {Message}{(Suggestion is null ? "" : $" — {Suggestion}")}";
}
