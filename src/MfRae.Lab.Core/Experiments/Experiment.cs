using System.Text;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>An experiment with every default filled in.</summary>
/// <param name="Name">The file's name without extension; with overrides on the command line, `name~` and six hex digits of them.</param>
/// <param name="Path">The file, relative to the working directory where it lies below it.</param>
/// <param name="PrimaryMetric">The metric that verdicts are about: `fid@1` is the one-step FID against the first reference.</param>
/// <param name="Overrides">`path.to.option=value` from the command line, as given.</param>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Files">The file and what it extends, each before the one that it extends; null where it was not read from files.</param>
public sealed record Experiment(
    string Name,
    string Path,
    string Question,
    string Expectation,
    string PrimaryMetric,
    IReadOnlyList<Arm> Arms,
    IReadOnlyList<long> Seeds,
    EvaluationOptions Evaluation,
    IReadOnlyList<string> Overrides,
    string? Title = null,
    IReadOnlyList<WrittenFile>? Files = null);

/// <summary>One configuration that the experiment compares.</summary>
/// <param name="Differences">Option path → value, only where the arm was patched: what tells it from the others.</param>
/// <param name="Baseline">Whether verdicts of the other arms are against this one; true for exactly one arm.</param>
/// <param name="Title">What reports and tables call it; null: its name. The name stays the key.</param>
public sealed record Arm(
    string Name,
    LabOptions Options,
    IReadOnlyDictionary<string, JsonNode?> Differences,
    bool Baseline,
    string? Title = null);

/// <summary>An experiment, or everything that is wrong with it.</summary>
/// <param name="Experiment">Null where there is any diagnostic.</param>
/// <param name="Diagnostics">All mistakes, in reading order.</param>
public sealed record ReadResult(Experiment? Experiment, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>Allowed values that are seldom intended, in reading order. A run with warnings starts.</summary>
    public IReadOnlyList<Diagnostic> Warnings { get; init; } = [];
}

/// <summary>An experiment file, or one that it extends, as somebody wrote it: with its comments and in its order.</summary>
/// <param name="Path">As messages name it: relative to the working directory where it lies below it.</param>
/// <param name="Text">Its text, or the first <see cref="MostBytes"/> of it.</param>
/// <param name="Omitted">Bytes that follow and are not kept.</param>
public sealed record WrittenFile(string Path, string Text, long Omitted = 0)
{
    /// <summary>Of each file. None that a person wrote is longer; one that a program wrote must not fill the database.</summary>
    public const int MostBytes = 1 << 20;

    /// <param name="content">UTF-8, with or without its mark.</param>
    public static WrittenFile Of(string path, ReadOnlySpan<byte> content)
    {
        var text = content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var kept = Math.Min(text.Length, MostBytes);
        // Between two characters: the bytes after the first of a character begin with 10.
        while (kept < text.Length && kept > 0 && (text[kept] & 0xC0) == 0x80)
        {
            kept--;
        }

        return new(path, Encoding.UTF8.GetString(text[..kept]), text.Length - kept);
    }
}
