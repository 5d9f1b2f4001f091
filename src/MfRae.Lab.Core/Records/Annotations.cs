using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Records;

/// <summary>What people wrote about experiments and runs: the one part of the database that no journal tells.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Tags">Each tag of each subject.</param>
/// <param name="Notes">At most one for each subject.</param>
/// <param name="Archived">Names of experiments that have been put away.</param>
public sealed record Annotations(int Format, IReadOnlyList<Annotation> Tags, IReadOnlyList<Annotation> Notes, IReadOnlyList<string> Archived);

/// <summary>A tag or a note.</summary>
/// <param name="Kind">What it is about: `experiment` or `run`.</param>
/// <param name="Subject">Name of the experiment, or id of the run.</param>
public sealed record Annotation(string Kind, string Subject, string Text)
{
    public const string Experiment = "experiment";
    public const string Run = "run";
}

/// <summary>What may be a tag or a note, wherever it comes from.</summary>
public static partial class AnnotationRules
{
    /// <summary>Characters. More belongs into a file.</summary>
    public const int LongestNote = 100_000;

    /// <summary>1 to 64 letters, digits and . _ -</summary>
    public static bool IsTag(string text) => Word().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Word();
}
