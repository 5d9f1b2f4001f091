namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Where something was written.</summary>
/// <param name="File">The file as messages name it, or null for the command line.</param>
/// <param name="Line">From 1; 0 on the command line.</param>
/// <param name="Path">JSON path in the file; on the command line the option path.</param>
/// <param name="Depth">How many `extends` lead to the file; -1 on the command line. The smaller, the likelier the user just
/// wrote it.</param>
internal sealed record Location(string? File, int Line, string Path, int Depth = 0)
{
    public static Location CommandLine(string path) => new(null, 0, path, -1);

    /// <summary>Whether an arm says so, not `base`.</summary>
    public bool InArm => Path.StartsWith("$.arms", StringComparison.Ordinal) || Path.StartsWith("$.axes", StringComparison.Ordinal);

    public Location Child(string name) => this with { Path = Join(Path, name) };

    /// <summary>Names that are no identifiers, such as axes and arms, are quoted, so that a dot in a name is not read as a step.</summary>
    public static string Join(string path, string name) =>
        path.Length == 0 ? name
        : name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$') && name.Length > 0 ? $"{path}.{name}"
        : $"{path}['{name}']";
}
