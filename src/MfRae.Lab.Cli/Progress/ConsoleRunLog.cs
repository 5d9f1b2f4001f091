using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Tells the user how a plan goes. Failures are told when they happen, and all together at the end.</summary>
public sealed class ConsoleRunLog : IRunLog, IDisposable
{
    // Reasons and notices are the words of a stage, which may quote anything.
    private const int LongestReason = 2_000;

    private readonly Lock _gate = new();
    private readonly IProgressDisplay _form;
    private readonly Func<string, int, string?> _findLog;
    private readonly Dictionary<string, int> _attempts = [];
    private ProgressBoard? _board;
    private bool _ended;

    /// <param name="findLog">The path of the output of a stage's attempt, or null.</param>
    public ConsoleRunLog(Terminal terminal, TimeProvider time, bool quiet, Func<string, int, string?> findLog)
    {
        this._findLog = findLog;
        _form = terminal.Live is { } console && !quiet ? new TableDisplay(console, _gate) : new LineDisplay(terminal.Error, time, quiet);
    }

    public void Notice(string text) => Say(text);

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        lock (_gate)
        {
            _board = new ProgressBoard(plan, cached);
            _form.Begin(_board);
        }
    }

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        lock (_gate)
        {
            if (_board?.Find(stageKey) is not { } stage)
                return;
            var changed = stage.Change(status, reason);
            if (changed)
                _form.Changed(stage);
            if (changed && status.IsFailure())
                _form.Say(Failure(stage));
            // Why a stage waits or starts again: a worker that was killed, one that still lives, files that were damaged.
            if (status == StageStatus.Queued && reason is not null)
                _form.Say($"{stage.Node.Label}: {PrintableText.Of(FirstLine(reason), LongestReason)}");
        }
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        lock (_gate)
        {
            _attempts[stageKey] = attempt;
            // The journals of reused stages are told again to fill a new database; they are not news.
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

    /// <summary>A line between the progress, such as what Ctrl-C does.</summary>
    public void Say(string line)
    {
        lock (_gate)
            _form.Say(line);
    }

    public void End(Plan plan) => Dispose();

    /// <summary>Ends the display; also after an exception, so that its message stands below the table and not in it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
        }

        // Not under the lock: the painter needs it for its last drawing.
        _form.End();
        var wrong = _board?.Stages.Where(stage => stage.Status.IsFailure() || stage.Status == StageStatus.Skipped)
            .ToList() ?? [];
        if (wrong.Count > 0)
            _form.Say(FailureTable(wrong));
    }

    private static string FailureTable(List<StageView> wrong) =>
        "stages that have no result:" + System.Environment.NewLine + new Output.TextTable("stage", "state", "reason")
            .Add(wrong.Select(stage => new[] { stage.Node.Label, stage.Status.Word(), PrintableText.Of(FirstLine(stage.Reason), LongestReason) }));

    private static string FirstLine(string? text) => text?.Split('\n')[0].TrimEnd() ?? "";

    private string Failure(StageView stage)
    {
        var path = _findLog(stage.Node.Key, _attempts.GetValueOrDefault(stage.Node.Key, 1));
        var log = path is null ? "" : $"{System.Environment.NewLine}  log: {path}";
        return $"{stage.Node.Label} {stage.Status.Word()}: {PrintableText.Of(FirstLine(stage.Reason), LongestReason)}{log}";
    }
}
