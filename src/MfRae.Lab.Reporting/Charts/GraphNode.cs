namespace MfRae.Lab.Reporting.Charts;

/// <summary>A box of a graph.</summary>
/// <param name="Inputs">Names of the nodes it reads from.</param>
internal sealed record GraphNode(string Name, string Note, bool Troubled, IReadOnlyCollection<string> Inputs);
