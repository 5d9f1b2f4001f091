using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Forwards the curves that a program logs with `mfrae_log.py` to the journal of the stage, while the program runs. Whole lines are read; a
/// line that is not an event is reported once. Steps of a series ascend over all executions of the program: other values are left out.
/// </summary>
internal sealed class LoggedCurves(StageContext context)
{
    private const int MostBytes = 1 << 20;

    private readonly Dictionary<string, long> _steps = [];
    private string _log = "";
    private long _position;
    private bool _warned;

    /// <summary>Begins to read the file of another execution, which may not exist yet.</summary>
    public void Begin(string log) => (_log, _position) = (log, 0);

    /// <summary>Forwards the lines that were written since the last call.</summary>
    public void Forward()
    {
        while (NextLines() is { Length: > 0 } lines)
        {
            foreach (var line in lines)
                Forward(line);
        }
    }

    private void Forward(byte[] line)
    {
        try
        {
            switch (VersionedJson.Read<JournalLine>(line).Event)
            {
                case MetricsEvent metrics:
                    var fresh = metrics.Values.Where(value => !_steps.TryGetValue(value.Key, out var step) || metrics.Step > step).ToDictionary();
                    foreach (var name in fresh.Keys)
                        _steps[name] = metrics.Step;
                    if (fresh.Count > 0)
                        context.Journal.Write(new MetricsEvent(metrics.Step, fresh));
                    break;
                case NoticeEvent or ProgressEvent:
                    context.Journal.Write(VersionedJson.Read<JournalLine>(line).Event);
                    break;
                default:
                    // Values and images of the program itself stay in its own log: here the lab measures and draws.
                    break;
            }
        }
        catch (Exception broken) when (broken is JsonException or NotSupportedException)
        {
            if (_warned)
                return;
            _warned = true;
            context.Journal.Write(new NoticeEvent($"a line of {ExternalProgram.LogVariable} is not an event of mfrae_log.py and is left out: {broken.Message}"));
        }
    }

    // The next whole lines; a line without its end is read when it is complete.
    private byte[][] NextLines()
    {
        if (!File.Exists(_log))
            return [];
        using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = _position;
        var bytes = new byte[(int)Math.Clamp(file.Length - _position, 0, MostBytes)];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var end = bytes.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        // A longer line than the buffer is not an event: it is skipped in pieces.
        var taken = end > 0 ? end : read == MostBytes ? read : 0;
        _position += taken;
        var lines = new List<byte[]>();
        var rest = bytes.AsSpan(0, taken);
        while (rest.Length > 0)
        {
            var newline = rest.IndexOf((byte)'\n');
            var line = newline < 0 ? rest : rest[..newline];
            if (line.Length > 0)
                lines.Add(line.ToArray());
            rest = newline < 0 ? [] : rest[(newline + 1)..];
        }

        return [.. lines];
    }
}
