using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Shows the progress of a plan. Failures are reported when they happen, and listed again at the end.</summary>
public sealed class ConsoleRunLog : IRunLog, IDisposable
{
    // Reasons and notices come from a stage, which may quote text of any length.
    private const int LongestReason = 2_000;

    private readonly Lock _gate = new();
    private readonly IProgressDisplay _form;
    private readonly Func<string, int, string?> _findLog;
    private readonly StageTimes _times;
    private readonly int _jobs;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, int> _attempts = [];
    private ProgressBoard? _board;
    private bool _ended;

    /// <summary>Creates a log on a terminal.</summary>
    /// <param name="terminal">Receives the progress on standard error.</param>
    /// <param name="time">The clock.</param>
    /// <param name="quiet">Whether to show state changes only.</param>
    /// <param name="findLog">Finds the file with the output of an attempt, by stage key and attempt; null if it does not exist.</param>
    /// <param name="times">The times of earlier stages on this machine; null: none.</param>
    /// <param name="jobs">The number of stages that run at the same time.</param>
    public ConsoleRunLog(
        Terminal terminal, TimeProvider time, bool quiet, Func<string, int, string?> findLog, StageTimes? times = null, int jobs = 1)
    {
        (_times, _jobs, _time) = (times ?? new(), jobs, time);
        _findLog = findLog;
        _form = terminal.Live is { } console && !quiet ? new TableDisplay(console, _gate) : new LineDisplay(terminal.Error, time, quiet);
    }

    /// <inheritdoc/>
    public void Notice(string text) => Say(text);

    /// <inheritdoc/>
    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        lock (_gate)
        {
            _board = new ProgressBoard(plan, cached, new(_times, _jobs, _time));
            _form.Begin(_board);
        }
    }

    /// <inheritdoc/>
    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        lock (_gate)
        {
            if (_board?.Find(stageKey) is not { } stage)
                return;
            var changed = stage.Change(status, reason);
            if (changed && stage is { Status: StageStatus.Completed, Took: { } took })
                _times.Add(stage.Node.Definition, took);
            if (changed)
                _form.Changed(stage);
            if (changed && status.IsFailure())
                _form.Say(Failure(stage));
            // The reason why a stage waits or starts again: its worker was killed or is still alive, or its files were damaged.
            if (status == StageStatus.Queued && reason is not null)
                _form.Say($"{stage.Node.Label}: {PrintableText.Of(FirstLine(reason), LongestReason)}");
        }
    }

    /// <inheritdoc/>
    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        lock (_gate)
        {
            _attempts[stageKey] = attempt;
            // The journals of reused stages are replayed to fill a new database; they are not shown.
            if (_board?.Find(stageKey) is not { Status: StageStatus.Running } stage)
                return;
            foreach (var line in lines)
            {
                stage.Apply(line);
                if (line.Event is NoticeEvent notice)
                    _form.Say($"{stage.Node.Label}: {PrintableText.Of(notice.Text, LongestReason)}");
            }

            _form.Progressed();
        }
    }

    /// <summary>Writes a line above the progress, such as the effect of Ctrl-C.</summary>
    public void Say(string line)
    {
        lock (_gate)
            _form.Say(line);
    }

    /// <inheritdoc/>
    public void End(Plan plan) => Dispose();

    /// <summary>Ends the display. Disposal after an exception keeps its message out of the table.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
        }

        // Outside the lock: the painter needs the lock for its last drawing.
        _form.End();
        var wrong = _board?.Stages.Where(stage => stage.Status.IsFailure() || stage.Status == StageStatus.Skipped
                || (stage.Status == StageStatus.Stopped && stage.Node.Definition.Trains()))
            .ToList() ?? [];
        if (wrong.Count > 0)
            _form.Say(FailureTable(wrong));
    }

    private static string FailureTable(List<StageView> wrong) =>
        "stages without a result:" + System.Environment.NewLine + new Output.TextTable("stage", "state", "reason")
            .Add(wrong.Select(stage => new[] { stage.Node.Label, stage.Status.Word(), PrintableText.Of(FirstLine(stage.Reason), LongestReason) }));

    private static string FirstLine(string? text) => text?.Split('\n')[0].TrimEnd() ?? "";

    private string Failure(StageView stage)
    {
        var path = _findLog(stage.Node.Key, _attempts.GetValueOrDefault(stage.Node.Key, 1));
        var log = path is null ? "" : $"{System.Environment.NewLine}  log: {path}";
        return $"{stage.Node.Label} {stage.Status.Word()}: {PrintableText.Of(FirstLine(stage.Reason), LongestReason)}{log}";
    }
}
