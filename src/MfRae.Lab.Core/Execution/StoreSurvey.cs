using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Looks at what the store holds of a plan, and re-hashes all that claims to be complete.</summary>
internal static class StoreSurvey
{
    public static Dictionary<string, Finding> Of(
        ArtifactStore store,
        IReadOnlyList<StageNode> stages,
        RunOptions options,
        CancellationToken stop) =>
        stages.ToDictionary(stage => stage.Key, stage => options.Fresh ? new(Found.Missing) : Find(store, stage.Key, options, stop));

    private static Finding Find(ArtifactStore store, string key, RunOptions options, CancellationToken stop)
    {
        if (store.IsComplete(key))
        {
            var check = store.Verify(key, stop);
            return check.Ok ? new(Found.Complete) : new(Found.Damaged, check.ToString());
        }

        // The last attempt decides: an earlier one may have diverged before somebody asked for another try.
        return JournalFile.In(store.PartialFolder(key)) is [.., var last]
            && JournalReader.Read(last.Path).Finished is { } finished
                ? finished.Status switch
                {
                    AttemptStatus.Diverged when !options.RetryFailed => new(Found.Diverged, finished.Error),
                    AttemptStatus.Diverged or AttemptStatus.Failed when options.RetryFailed => new(Found.Failed, finished.Error),
                    _ => new(Found.Missing),
                }
                : new(Found.Missing);
    }
}
