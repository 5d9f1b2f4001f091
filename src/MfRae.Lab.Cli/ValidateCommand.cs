using System.CommandLine;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Cli;

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
