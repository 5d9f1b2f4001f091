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
