using System.Text;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>An experiment with every default filled in.</summary>
/// <param name="Name">The file's name without extension; with overrides on the command line, `name~` and six hex digits of them.</param>
/// <param name="Path">The file, relative to the working directory if it is below it.</param>
/// <param name="Seeds">The seeds that confirm.</param>
/// <param name="PrimaryMetric">The metric of the verdicts: `fid@1` is the one-step FID against the first reference.</param>
/// <param name="Overrides">`path.to.option=value` from the command line, as given.</param>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Files">The file and the files it extends, each before the file that it extends; null if it was not read from files.</param>
/// <param name="SmallestRelevantEffect">The effect in the primary metric below which a difference does not matter: a log ratio, or a difference
/// for metrics that may be zero or negative. Null: no verdicts.</param>
/// <param name="Contrasts">The contrasts that carry the verdicts; null or empty: every arm against the baseline.</param>
/// <param name="PilotSeeds">Seeds that explore: they run and are shown, but no mean and no test contains them. Null: none.</param>
/// <param name="Halving">The rule that stops arms after pilot seeds; null: none.</param>
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
    IReadOnlyList<WrittenFile>? Files = null,
    double? SmallestRelevantEffect = null,
    IReadOnlyList<Contrast>? Contrasts = null,
    IReadOnlyList<long>? PilotSeeds = null,
    Halving? Halving = null);

/// <summary>One configuration that the experiment compares.</summary>
/// <param name="Differences">Option path → value, for the options that the arm changes.</param>
/// <param name="Baseline">Whether the other arms are compared with this one; true for exactly one arm.</param>
/// <param name="Title">Its name in reports and tables; null: the name. The name remains the key.</param>
/// <param name="Levels">Axis → name of the arm's level, in the order of the axes; null for an arm that is not in the grid of `axes`.</param>
public sealed record Arm(
    string Name,
    LabOptions Options,
    IReadOnlyDictionary<string, JsonNode?> Differences,
    bool Baseline,
    string? Title = null,
    IReadOnlyDictionary<string, string>? Levels = null);

/// <summary>An experiment, or all mistakes in it.</summary>
/// <param name="Experiment">Null if there are diagnostics.</param>
/// <param name="Diagnostics">All mistakes, in reading order.</param>
public sealed record ReadResult(Experiment? Experiment, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>Valid values that are rarely intended, in reading order. A run with warnings starts.</summary>
    public IReadOnlyList<Diagnostic> Warnings { get; init; } = [];
}

/// <summary>The text of an experiment file or of a file that it extends, with its comments.</summary>
/// <param name="Path">Its name in messages: relative to the working directory if it is below it.</param>
/// <param name="Text">Its text, or the first <see cref="MostBytes"/> of it.</param>
/// <param name="Omitted">The number of bytes after the text that are not kept.</param>
public sealed record WrittenFile(string Path, string Text, long Omitted = 0)
{
    /// <summary>The most bytes kept of a file. Handwritten files are shorter; a generated file must not fill the database.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The text of a file.</summary>
    /// <param name="content">UTF-8, with or without a byte order mark.</param>
    public static WrittenFile Of(string path, ReadOnlySpan<byte> content)
    {
        var text = content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var kept = Math.Min(text.Length, MostBytes);
        // Cuts between two characters: in UTF-8, all bytes of a character but the first begin with the bits 10.
        while (kept < text.Length && kept > 0 && (text[kept] & 0xC0) == 0x80)
        {
            kept--;
        }

        return new(path, Encoding.UTF8.GetString(text[..kept]), text.Length - kept);
    }
}
