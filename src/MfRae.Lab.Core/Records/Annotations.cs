using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Records;

/// <summary>Tags, notes and archived experiments: the only part of the database that cannot be rebuilt from journals.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Tags">All tags of all subjects.</param>
/// <param name="Notes">At most one note for each subject.</param>
/// <param name="Archived">Names of archived experiments.</param>
public sealed record Annotations(int Format, IReadOnlyList<Annotation> Tags, IReadOnlyList<Annotation> Notes, IReadOnlyList<string> Archived);

/// <summary>A tag or a note.</summary>
/// <param name="Kind">The kind of its subject: `experiment` or `run`.</param>
/// <param name="Subject">Name of the experiment, or id of the run.</param>
public sealed record Annotation(string Kind, string Subject, string Text)
{
    /// <summary>The kind of an experiment.</summary>
    public const string Experiment = "experiment";

    /// <summary>The kind of a run.</summary>
    public const string Run = "run";
}

/// <summary>The rules for tags and notes from any source.</summary>
public static partial class AnnotationRules
{
    /// <summary>The most characters of a note; longer texts belong in a file.</summary>
    public const int LongestNote = 100_000;

    /// <summary>1 to 64 letters, digits and . _ -</summary>
    public static bool IsTag(string text) => Word().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Word();
}
