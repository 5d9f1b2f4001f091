using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Starts the program that makes the samples of a run, with its task in the environment (docs/external.md), and waits for it. Its output goes
/// to `command.log` in the folder of the stage; curves that it logs go to the journal. A stop or the timeout kills it and its children.
/// </summary>
internal sealed class ExternalProgram
{
    /// <summary>The variable with the path of the labels.</summary>
    public const string LabelsVariable = "MFRAE_LABELS";

    /// <summary>The variable with the path to which `mfrae_log.py` writes.</summary>
    public const string LogVariable = "MFRAE_LOG";

    private const string LogName = "command.log";
    private const int TailLines = 20;
    private const int LongestLine = 500;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan OutputWait = TimeSpan.FromSeconds(10);

    private readonly StageContext _context;
    private readonly CommandSamplesOptions _options;
    private readonly string _work;
    private readonly LoggedCurves _curves;
    private readonly Dictionary<string, string> _environment;

    /// <summary>Writes noise and labels for the program.</summary>
    /// <exception cref="LabException">The noise has another shape than the latents, or cannot be written.</exception>
    public ExternalProgram(
        StageContext context, CommandSamplesOptions options, int samples, SampleNoise noise, torch.Tensor labels, ImageShape image, int classes)
    {
        _context = context;
        _options = options;
        _curves = new(context);
        _work = context.File("checkpoint.work");
        Directory.CreateDirectory(_work);
        var noiseFile = Path.Combine(_work, "noise.safetensors");
        var labelFile = Path.Combine(_work, "labels.txt");
        var encoder = NetworkMetadata.Encoder(TensorFile.Open(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder)));
        NoiseFile.Write(noiseFile, noise, encoder.Shape, labels);
        File.WriteAllLines(labelFile, labels.data<long>().ToArray().Select(Text));
        _environment = new()
        {
            ["MFRAE_SEED"] = Text(context.Seed),
            ["MFRAE_SAMPLES"] = Text(samples),
            ["MFRAE_CLASSES"] = Text(classes),
            ["MFRAE_IMAGE"] = image.ToString(),
            ["MFRAE_NOISE"] = noiseFile,
            [LabelsVariable] = labelFile,
            ["MFRAE_WORK"] = _work,
        };
    }

    /// <summary>Runs the program for a number of network evaluations.</summary>
    /// <returns>The folder to which it wrote its samples.</returns>
    /// <exception cref="LabException">The program cannot be started, failed, or did not end in time.</exception>
    /// <exception cref="OperationCanceledException">The user stopped the run.</exception>
    public string Run(int steps)
    {
        var output = Path.Combine(_work, $"output.{Text(steps)}");
        var log = Path.Combine(_work, $"log.{Text(steps)}.jsonl");
        if (Directory.Exists(output))
            Directory.Delete(output, recursive: true);
        Directory.CreateDirectory(output);
        File.Delete(log);
        _environment["MFRAE_STEPS"] = Text(steps);
        _environment["MFRAE_OUTPUT"] = output;
        _environment[LogVariable] = log;

        using var printed = new PrintedLines(_context.File(LogName), TailLines, LongestLine);
        using var process = Start(steps, printed);
        _curves.Begin(log);
        var started = _context.Time.GetTimestamp();
        while (!process.WaitForExit(Poll))
        {
            _curves.Forward();
            if (_context.Stop.IsCancellationRequested)
            {
                Kill(process);
                _context.Stop.ThrowIfCancellationRequested();
            }

            if (_context.Time.GetElapsedTime(started) > TimeSpan.FromMinutes(_options.TimeoutMinutes))
            {
                Kill(process);
                throw new LabException($"{Command(steps)} did not end within {Text(_options.TimeoutMinutes)} minutes and was killed: raise `timeoutMinutes`"
                    + printed.Tail);
            }
        }

        WaitForOutput(process);
        _curves.Forward();
        return process.ExitCode == 0
            ? output
            : throw new LabException($"{Command(steps)} exited with code {Text(process.ExitCode)}{printed.LastLine}{printed.Tail}");
    }

    /// <summary>Deletes the files of the program, when its samples are in the stage.</summary>
    public void Clear() => Directory.Delete(_work, recursive: true);

    private Process Start(int steps, PrintedLines printed)
    {
        string[] words = [.. _options.Command.Select(word => Fill(word, steps))];
        var program = words[0].Contains('/') ? _context.Resolve(words[0]) : words[0];
        var start = new ProcessStartInfo(program, words[1..])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            // The worker's own input is its connection to the coordinator.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _context.Spec.WorkingDirectory,
        };
        foreach (var own in start.Environment.Keys.Where(name => name.StartsWith("MALLOC_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(own);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        try
        {
            var process = Process.Start(start) ?? throw new LabException($"the program {program} did not start");
            process.StandardInput.Close();
            process.OutputDataReceived += (_, line) => printed.Add(line.Data);
            process.ErrorDataReceived += (_, line) => printed.Add(line.Data, error: true);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception refused)
        {
            throw new LabException($"the program {program} cannot be started in {_context.Spec.WorkingDirectory}: {refused.Message}", refused);
        }
    }

    private string Fill(string word, int steps) => ExternalSamplesOptions.Fill(
        ExternalSamplesOptions.Fill(word, ExternalSamplesOptions.SeedMark, _context.Seed), ExternalSamplesOptions.StepsMark, steps);

    private string Command(int steps) => $"the command `{string.Join(' ', _options.Command.Select(word => Fill(word, steps)))}`";

    private static void Kill(Process process)
    {
        process.Kill(entireProcessTree: true);
        WaitForOutput(process);
    }

    /// <summary>Waits for the last lines of its output, which a process that it left behind may keep open.</summary>
    private static void WaitForOutput(Process process)
    {
        using var limit = new CancellationTokenSource(OutputWait);
        try
        {
            process.WaitForExitAsync(limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // The lines so far are enough.
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The output of a program: all lines in a file, and the last ones in memory. Thread-safe.</summary>
/// <param name="path">The file, to which lines are appended.</param>
internal sealed class PrintedLines(string path, int kept, int longest) : IDisposable
{
    private readonly StreamWriter _file = new(path, append: true, new UTF8Encoding(false)) { AutoFlush = true };
    private readonly Queue<string> _last = new();
    private string? _lastError;
    private bool _closed;

    /// <summary>Adds a line; null, the end of a stream, is ignored.</summary>
    public void Add(string? line, bool error = false)
    {
        lock (_last)
        {
            if (line is null || _closed)
                return;
            _file.WriteLine(line);
            var shown = line.Length > longest ? line[..longest] + "…" : line;
            _last.Enqueue(shown);
            if (error && shown.Trim().Length > 0)
                _lastError = shown;
            if (_last.Count > kept)
                _last.Dequeue();
        }
    }

    /// <summary>
    /// The last line of the error output that is not blank, after a colon; without one, that of the output. The two arrive in any order.
    /// </summary>
    public string LastLine
    {
        get
        {
            lock (_last)
                return (_lastError ?? _last.LastOrDefault(line => line.Trim().Length > 0)) is { } line ? ": " + line.Trim() : "";
        }
    }

    /// <summary>The last lines, each on a new line.</summary>
    public string Tail
    {
        get
        {
            lock (_last)
                return string.Concat(_last.Select(line => "\n" + line));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_last)
        {
            _closed = true;
            _file.Dispose();
        }
    }
}

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
            var entry = VersionedJson.Read<JournalLine>(line).Event;
            switch (entry)
            {
                case MetricsEvent metrics:
                    var fresh = metrics.Values.Where(value => !_steps.TryGetValue(value.Key, out var step) || metrics.Step > step).ToDictionary();
                    foreach (var name in fresh.Keys)
                        _steps[name] = metrics.Step;
                    if (fresh.Count > 0)
                        context.Journal.Write(new MetricsEvent(metrics.Step, fresh));
                    break;
                case NoticeEvent or ProgressEvent:
                    context.Journal.Write(entry);
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
