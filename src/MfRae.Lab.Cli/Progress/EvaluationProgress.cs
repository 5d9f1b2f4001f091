using System.Globalization;
using MfRae.Lab.Learning.Evaluation;
using Spectre.Console;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Shows the progress of an evaluation: as a bar on a terminal, otherwise as a line every 30 seconds.</summary>
public sealed class EvaluationProgress(Terminal terminal, TimeProvider time) : IEvaluationProgress, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(200);

    private readonly long _begun = time.GetTimestamp();
    private readonly RateMeter _rate = new();
    private long _shown = time.GetTimestamp();
    private string _current = "";
    private int _drawn;

    /// <inheritdoc/>
    public void Step(string what, long done, long total)
    {
        if (what != _current)
        {
            _current = what;
            _rate.Restart();
        }

        _rate.Mark(time.GetUtcNow(), done);
        if (time.GetElapsedTime(_shown) < (terminal.Live is null ? Pause : Redraw))
            return;
        _shown = time.GetTimestamp();
        if (terminal.Live is null)
            terminal.Error.WriteLine($"[{StageText.Duration(time.GetElapsedTime(_begun))}] {Text(what, done, total)}");
        else
            Draw(terminal.Live, what, done, total);
    }

    /// <inheritdoc/>
    public void Say(string line)
    {
        Clear();
        terminal.Error.WriteLine(line);
    }

    /// <summary>Removes the bar, so that later output does not mix with it.</summary>
    public void End() => Clear();

    /// <inheritdoc/>
    public void Dispose() => End();

    private void Draw(IAnsiConsole console, string what, long done, long total)
    {
        const int width = 30;
        var full = total > 0 ? (int)(width * done / total) : 0;
        var line = $"{new string('━', full)}{new string('╌', width - full)} {Text(what, done, total)}";
        var most = Math.Max(1, console.Profile.Width - 1);
        line = line.Length > most ? line[..most] : line;
        console.Write(new ControlCode($"\r{line.PadRight(_drawn)}"));
        _drawn = line.Length;
    }

    private void Clear()
    {
        if (_drawn > 0)
            terminal.Live?.Write(new ControlCode($"\r{new string(' ', _drawn)}\r"));
        _drawn = 0;
    }

    private string Text(string what, long done, long total)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{what}: {done:N0} of {total:N0}");
        if (_rate.PerSecond is not { } speed || speed <= 0)
            return text;
        var left = TimeSpan.FromSeconds((total - done) / speed);
        return text + string.Create(CultureInfo.InvariantCulture, $", {speed:0.#}/s, {StageText.Duration(left)} left");
    }
}
