using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Holds the stages of runs whose rung is not decided, and stops those of arms that a rung stopped. The decisions follow from the results in the
/// store alone, so the same command decides in the same way again. Without a halving, no stage is held.
/// </summary>
internal sealed class HalvingGate
{
    private readonly Plan _plan;
    private readonly Halving? _halving;
    private readonly IReadOnlyList<long> _pilots;
    private readonly Func<string, IReadOnlyList<Measurement>> _measured;
    private readonly Dictionary<string, List<PlannedRun>> _users = [];
    private readonly Dictionary<string, IReadOnlyList<Measurement>> _known = [];
    private readonly Dictionary<(string Arm, long Seed), PlannedRun> _pilotRuns;
    private readonly bool _higherIsBetter;
    private int _ended = -1;
    private HalvingState _state = new(0, new Dictionary<string, StoppedArm>());

    /// <param name="measured">The measurements of a complete stage.</param>
    public HalvingGate(Plan plan, Func<string, IReadOnlyList<Measurement>> measured)
    {
        (_plan, _halving, _measured) = (plan, plan.Experiment.Halving, measured);
        _pilots = plan.Experiment.PilotSeeds ?? [];
        _higherIsBetter = MetricCatalogue.HigherIsBetter(plan.Experiment.PrimaryMetric.Split('@')[0]) == true;
        _pilotRuns = plan.Runs.Where(run => run.Pilot).ToDictionary(run => (run.Arm, run.Seed));
        foreach (var run in plan.Runs)
        {
            foreach (var stage in run.Stages.Values.Distinct())
            {
                (_users.TryGetValue(stage, out var users) ? users : _users[stage] = []).Add(run);
            }
        }
    }

    /// <summary>The measurements in the journals of a complete stage.</summary>
    public static Func<string, IReadOnlyList<Measurement>> In(ArtifactStore store) => key =>
    [
        .. JournalFile.In(store.CompleteFolder(key)).SelectMany(journal => JournalReader.Read(journal.Path).Lines)
            .Select(line => line.Event).OfType<MeasuredEvent>().Select(found => found.Measurement),
    ];

    /// <summary>Whether a stage waits for a rung: none of its runs may start yet.</summary>
    public bool Holds(string stage) => _halving is not null && Runs(stage) is { Count: > 0 } runs && runs.All(run => !MayStart(run));

    /// <summary>
    /// Decides rungs whose pilot runs have ended. Returns a sentence about the decision, or null without one, and the queued stages that only stopped
    /// arms need, with the reason.
    /// </summary>
    public (string? Decision, IReadOnlyList<(StageRun Stage, string Reason)> Stopped) Update(IReadOnlyDictionary<string, StageRun> stages)
    {
        int ended = stages.Values.Count(stage => stage.Status is not (StageStatus.Queued or StageStatus.Running));
        if (_halving is null || ended == _ended)
        {
            return (null, []);
        }

        var before = _state;
        _ended = ended;
        _state = _halving.Decide(_plan.Experiment.Arms, _pilots, _higherIsBetter, (arm, seed) => Result(arm, seed, stages));
        return _state.Decided == before.Decided ? (null, []) :
        (
            Sentence(),
            [
                .. from stage in stages.Values
                   where stage.Status == StageStatus.Queued
                   let runs = Runs(stage.Key)
                   where runs.Count > 0 && runs.All(IsStopped)
                   select (stage, _state.Stopped[runs[0].Arm].Reason(_plan.Experiment.PrimaryMetric)),
            ]);
    }

    /// <summary>The reason why the next rung cannot be decided although no stage runs: a pilot run has neither a value nor diverged.</summary>
    public string Blocked() => $"rung {_state.Decided + 1} needs a result of every arm under its pilot seeds, and a pilot run has failed";

    private string Sentence()
    {
        var continuing = _plan.Experiment.Arms.Where(arm => !_state.Stopped.ContainsKey(arm.Name)).Select(arm => arm.Name);
        return $"halving, rung {_state.Decided}: {string.Join(", ", continuing)} continue; stopped: {string.Join(", ", _state.Stopped.Keys)}";
    }

    private bool MayStart(PlannedRun run) => _state.Decided >= _halving!.RungsBefore(run, _pilots) && !IsStopped(run);

    private bool IsStopped(PlannedRun run) =>
        _state.Stopped.TryGetValue(run.Arm, out var stopped) && stopped.Rung < _halving!.RungsBefore(run, _pilots);

    private List<PlannedRun> Runs(string stage) => _users.GetValueOrDefault(stage) ?? [];

    /// <summary>The value of a pilot run, with several sets of samples their mean.</summary>
    private PilotResult? Result(string arm, long seed, IReadOnlyDictionary<string, StageRun> stages)
    {
        if (!_pilotRuns.TryGetValue((arm, seed), out var run))
        {
            return null;
        }

        if (run.Stages.Values.Any(key => stages.TryGetValue(key, out var stage) && stage.Status is StageStatus.Diverged or StageStatus.Stopped))
        {
            return new(null);
        }

        string[] roles = [.. NoiseSets.Roles(run.Stages, "evaluation"), .. run.Stages.Keys.Where(role => role == DerivativeErrorNames.Error)];
        if (roles.Length == 0 || roles.Any(role => stages.TryGetValue(run.Stages[role], out var stage) && stage.Status != StageStatus.Completed))
        {
            return null;
        }

        double?[] values = [.. roles.Select(role => Measured(run.Stages[role]).LastOrDefault(one => one.Key == _plan.Experiment.PrimaryMetric)?.Value)];
        return new(values.All(value => value is not null) ? values.Average() : null);
    }

    private IReadOnlyList<Measurement> Measured(string stage) =>
        _known.TryGetValue(stage, out var known) ? known : _known[stage] = _measured(stage);
}
