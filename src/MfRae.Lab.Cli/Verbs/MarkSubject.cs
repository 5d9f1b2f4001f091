using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What a tag or a note is about, as the database names it.</summary>
/// <param name="Kind">experiment or run.</param>
/// <param name="Name">Name, or id in full.</param>
public sealed record MarkSubject(string Kind, string Name)
{
    public static MarkSubject Of(Subjects subjects, string text)
    {
        var (experiment, run) = subjects.Names(text);
        return run is null ? new(Mark.Experiment, experiment) : new(Mark.Run, run.Id);
    }

    /// <summary>Marks stand in the store too: no journal tells them, and the database could be lost.</summary>
    public static void Keep(RunQueries queries, ArtifactStore store) => new StoreRecords(store).WriteMarks(queries.Marks());
}
