namespace MfRae.Lab.Core.Experiments;

/// <summary>An experiment, or everything that is wrong with it.</summary>
/// <param name="Experiment">Null where there is any diagnostic.</param>
/// <param name="Diagnostics">All mistakes, in reading order.</param>
public sealed record ReadResult(Experiment? Experiment, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>Allowed values that are seldom intended, in reading order. A run with warnings starts.</summary>
    public IReadOnlyList<Diagnostic> Warnings { get; init; } = [];
}
