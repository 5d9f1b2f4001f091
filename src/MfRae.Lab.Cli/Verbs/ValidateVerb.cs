using System.CommandLine;
using System.Text.RegularExpressions;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Reads experiment files and reports every mistake in all of them.</summary>
public sealed class ValidateVerb(Terminal terminal, string workingDirectory)
{
    /// <param name="overrides">`path.to.option=value`, for each of the files.</param>
    public int Execute(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        List<Diagnostic> diagnostics = [], warnings = [];
        foreach (var file in files)
        {
            var read = ExperimentReader.Read(file, overrides, workingDirectory);
            diagnostics.AddRange(read.Diagnostics);
            warnings.AddRange(read.Warnings);
            if (read.Experiment is not { } experiment)
                continue;
            if (WeightPathCheck.Diagnose(experiment, workingDirectory) is { Count: > 0 } mistakes)
                diagnostics.AddRange(mistakes);
            else
                terminal.Text.WriteLine($"{file}: {experiment.Arms.Count} arms, {experiment.Seeds.Count} seeds");
        }

        DiagnosticText.Warn(terminal.Error, warnings);
        return diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(terminal.Error, diagnostics);
    }
}

/// <summary>The verb `validate`, which takes several files and overrides for all of them.</summary>
internal static partial class ValidateCommand
{
    public static Command Build(Composition composition)
    {
        var files = new Argument<string[]>("FILE") { Description = "Experiment files", Arity = ArgumentArity.OneOrMore };
        var overrides = CommandLine.OverridesArgument();
        var command = new Command("validate", "Report every mistake in experiment files, and every file that is missing") { files, overrides };
        command.Validators.Add(result =>
        {
            if (result.GetValue(files) is [_, ..] words && words.All(IsOverride))
                result.AddError("Required argument 'FILE' missing for command: 'validate'.");
        });
        command.SetAction(parsed =>
        {
            // The parser gives all words to the first argument; their form says which are overrides.
            string[] words = [.. parsed.GetRequiredValue(files), .. parsed.GetValue(overrides) ?? []];
            return composition.Validate().Execute([.. words.Where(word => !IsOverride(word))], [.. words.Where(IsOverride)]);
        });
        return command;

        bool IsOverride(string word) => OverridePattern().IsMatch(word) && !File.Exists(Path.GetFullPath(word, composition.WorkingDirectory));
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9.]*=", RegexOptions.CultureInvariant)]
    private static partial Regex OverridePattern();
}

/// <summary>A user's mistakes, all together, and the exit code that they mean.</summary>
public static class DiagnosticText
{
    // A mistake quotes what it is about, and that may be a text without end.
    private const int LongestMistake = 4_000;

    /// <summary>Writes warnings, each once, one line each.</summary>
    public static void Warn(TextWriter error, IReadOnlyList<Diagnostic> warnings)
    {
        foreach (var warning in warnings.Distinct())
            Line(error, $"warning: {warning}");
    }

    /// <summary>
    /// Writes each mistake once: files that extend the same file share its mistakes. A file that is not there is listed once too, however
    /// many options name it.
    /// </summary>
    /// <returns>4 where nothing but files is missing, else 2.</returns>
    public static int Write(TextWriter error, IReadOnlyList<Diagnostic> diagnostics)
    {
        var mistakes = diagnostics.Where(found => found.Absent is null).Distinct().ToList();
        var absent = diagnostics.Where(found => found.Absent is not null).Distinct().GroupBy(found => found.Absent).ToList();
        foreach (var mistake in mistakes)
            Line(error, mistake.ToString());
        foreach (var group in absent)
            Line(error, group.First() + (group.Count() > 1 ? $" (also named by {string.Join(", ", group.Skip(1).Select(Place))})" : ""));
        var counts = new[] { Count(mistakes.Count, "mistake", "mistakes"), Count(absent.Count, "missing file", "missing files") };
        error.WriteLine(string.Join(" and ", counts.Where(text => text.Length > 0)) + "; nothing was started");
        return mistakes.Count > 0 ? ExitCode.Usage : ExitCode.Environment;
    }

    private static string Place(Diagnostic found) => $"{found.File ?? "the command line"}{(found.Line > 0 ? $":{found.Line}" : "")}: {found.Path}";

    private static void Line(TextWriter error, string text) =>
        error.WriteLine(PrintableText.Of(PrintableText.Shortened(text, LongestMistake), int.MaxValue));

    private static string Count(int count, string one, string several) => count == 0 ? "" : $"{count} {(count == 1 ? one : several)}";
}

/// <summary>Writes the JSON Schema of experiment files.</summary>
public sealed class SchemaVerb(Terminal terminal)
{
    public int Execute()
    {
        terminal.Out.Write(ExperimentSchema.Write());
        return ExitCode.Ok;
    }
}
