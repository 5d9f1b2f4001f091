using System.CommandLine;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`validate`: reports all mistakes in experiment files. Overrides apply to each of the files.</summary>
internal static partial class ValidateVerb
{
    public static Command Create(LabContext lab)
    {
        var files = new Argument<string[]>("FILE") { Description = "Experiment files", Arity = ArgumentArity.OneOrMore };
        var overrides = CommonOptions.Overrides();
        var command = new Verb("validate", "Report all mistakes in experiment files, and all missing data files",
            "experiments/paper/imagenet256.json meanflow.training.batchSize=256")
        {
            files, overrides,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(files) is [_, ..] words && words.All(IsOverride))
                result.AddError("Required argument 'FILE' missing for command: 'validate'.");
        });
        command.SetAction(parsed =>
        {
            // The parser assigns all words to the first argument; the overrides are recognised by their form.
            string[] words = [.. parsed.GetRequiredValue(files), .. parsed.GetValue(overrides) ?? []];
            return Execute(lab, [.. words.Where(word => !IsOverride(word))], [.. words.Where(IsOverride)]);
        });
        return command;

        bool IsOverride(string word) => OverridePattern().IsMatch(word) && !File.Exists(Path.GetFullPath(word, lab.WorkingDirectory));
    }

    private static int Execute(LabContext lab, string[] files, string[] overrides)
    {
        List<Diagnostic> diagnostics = [], warnings = [];
        foreach (var file in files)
        {
            var read = ExperimentReader.Read(file, overrides, lab.WorkingDirectory);
            diagnostics.AddRange(read.Diagnostics);
            warnings.AddRange(read.Warnings);
            if (read.Experiment is not { } experiment)
                continue;
            if (WeightPathCheck.Diagnose(experiment, lab.WorkingDirectory) is { Count: > 0 } mistakes)
                diagnostics.AddRange(mistakes);
            else
                lab.Terminal.Text.WriteLine($"{file}: valid, {Count(experiment.Arms.Count, "arm")}, {Count(experiment.Seeds.Count, "seed")}");
        }

        DiagnosticText.Warn(lab.Terminal.Error, warnings);
        return diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(lab.Terminal.Error, diagnostics);
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9.]*=", RegexOptions.CultureInvariant)]
    private static partial Regex OverridePattern();
}
