namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>An option set on the command line: the last word on its path.</summary>
/// <param name="Path">The path below `base`.</param>
internal sealed record Override(string Path, LocatedObject Patch);

/// <param name="Base">Those that set options of arms.</param>
/// <param name="Document">The others, as one patch on the file: `evaluation` and `seeds`.</param>
internal sealed record Overrides(IReadOnlyList<Override> Base, LocatedObject Document);
