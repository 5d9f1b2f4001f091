using System.Globalization;

namespace MfRae.Lab.Core.Tracking;

/// <summary>A journal in a stage's folder.</summary>
public sealed record JournalFile(int Attempt, string Path)
{
    public static string NameOf(int attempt) => $"journal.{attempt.ToString(CultureInfo.InvariantCulture)}.jsonl";

    public static bool IsJournal(string path) => AttemptOf(path) > 0;

    /// <summary>The attempt of `journal.ATTEMPT.jsonl`, or 0 where the file is no journal.</summary>
    public static int AttemptOf(string path) =>
        System.IO.Path.GetFileName(path).Split('.') is ["journal", var number, "jsonl"]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? attempt
            : 0;

    /// <summary>The journals of a folder by attempt; none where there is no folder.</summary>
    public static IReadOnlyList<JournalFile> In(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder).Where(IsJournal)
            .Select(path => new JournalFile(AttemptOf(path), path)).OrderBy(file => file.Attempt)]
        : [];
}
