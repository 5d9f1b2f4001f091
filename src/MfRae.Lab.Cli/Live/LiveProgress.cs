using System.Collections.Concurrent;
using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// The progress of running stages for open pages. The database says which stages run; steps, rate and loss come from the journals in the store,
/// because a page depends only on the database, and the database has no rates.
/// </summary>
internal sealed class LiveProgress(DatabaseView database, ArtifactStore store, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Watched> _watched = new();

    /// <summary>The stages that a live process is computing, as JSON; the empty string if there are none.</summary>
    /// <exception cref="LabException">The database cannot be read.</exception>
    public string Of(string experiment)
    {
        var watched = _watched.GetOrAdd(experiment, _ => new());
        lock (watched)
        {
            var version = database.Version();
            if (watched.Version != version)
            {
                watched.Update(database.Read(queries => queries.StageStates(experiment)));
                watched.Version = version;
            }

            var running = watched.Stages.Where(stage => stage.Status == StageStatus.Running
                && StageLeases.LiveOwner(store, stage.Node.Key, time) is not null).ToList();
            if (running.Count == 0)
                return "";
            running.ForEach(stage => Read(watched, stage));
            watched.Times ??= database.Read(queries => queries.StageTimes());
            var left = new RemainingTime(watched.Times, running.Count, time).Of(watched.Stages);
            return JsonText.Line(new ProgressJson(
                watched.Stages.Count(stage => stage.Status == StageStatus.Completed),
                watched.Stages.Count,
                left is { } span ? StageText.Duration(span) : "",
                [.. running.Select(StageJson.Of)]));
        }
    }

    /// <summary>Reads the new lines of the journal of the stage's last attempt.</summary>
    private void Read(Watched watched, StageView stage)
    {
        if (store.Find(stage.Node.Key) is not { } folder || JournalFile.In(folder).LastOrDefault() is not { } journal)
            return;
        var (attempt, offset) = watched.Read.GetValueOrDefault(stage.Node.Key);
        try
        {
            var (lines, next) = JournalReader.Read(journal.Path, attempt == journal.Attempt ? offset : 0);
            foreach (var line in lines)
                stage.Apply(line);
            watched.Read[stage.Node.Key] = (journal.Attempt, next);
        }
        catch (LabException)
        {
            // The run itself reports a damaged line.
        }
    }

    private sealed class Watched
    {
        private readonly Dictionary<string, StageView> _views = [];

        public (int, long)? Version { get; set; }

        public StageTimes? Times { get; set; }

        /// <summary>All stages of the plan, inputs before users.</summary>
        public IReadOnlyList<StageView> Stages { get; private set; } = [];

        /// <summary>Attempt and offset in bytes of the next line, by stage.</summary>
        public Dictionary<string, (int Attempt, long Offset)> Read { get; } = [];

        public void Update(IReadOnlyList<(PlannedStage Stage, string Status)> states)
        {
            foreach (var (stage, status) in states)
            {
                if (!_views.ContainsKey(stage.Key) && stage.Node() is { } node)
                    _views[stage.Key] = new(node, reused: false);
                _views.GetValueOrDefault(stage.Key)?.Change(Enum.Parse<StageStatus>(status, ignoreCase: true), null);
            }

            Stages = [.. states.Select(state => _views.GetValueOrDefault(state.Stage.Key)).OfType<StageView>()];
        }
    }

    /// <param name="Left">Time until all stages are complete; the empty string if it is unknown.</param>
    private sealed record ProgressJson(int Done, int Total, string Left, IReadOnlyList<StageJson> Stages);

    /// <summary>A running stage. Texts are empty where the value is unknown.</summary>
    /// <param name="Share">The completed share of its steps.</param>
    private sealed record StageJson(string Label, double Share, string Steps, string Rate, string Loss, string Left)
    {
        public static StageJson Of(StageView stage) => new(
            stage.Node.Label, stage.Total > 0 ? Math.Clamp((double)stage.Step / stage.Total, 0, 1) : 0,
            StageText.Steps(stage), StageText.Rate(stage), StageText.Loss(stage), StageText.Left(stage));
    }
}
