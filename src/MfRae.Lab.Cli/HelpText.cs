using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli;

/// <summary>The start screen, and the example at the end of each verb's help.</summary>
internal static class HelpText
{
    private const string Start = """
        MfRae.Lab: a laboratory for few-step image generators (MeanFlow in the latent space of representation autoencoders).
        An experiment is a JSON file with a question. The lab plans its stages, computes each stage once, and answers with a
        table, an HTML report and a database.

        First steps:
          dotnet run -- experiments/smoke.json                  check the installation (half a minute)
          dotnet run -- plan experiments/ablation-lambda.json   show what an experiment would run, and its statistical power
          dotnet run -- experiments/ablation-lambda.json        run it (ten minutes on two cores)
          dotnet run -- serve                                   show the reports in a browser, updated live

        Verbs:
        """;

    /// <summary>Writes the output of the program without arguments.</summary>
    public static void WriteStart(RootCommand root, TextWriter output)
    {
        output.WriteLine(Start);
        var verbs = root.Subcommands.Where(verb => !verb.Hidden).ToList();
        var width = verbs.Max(verb => verb.Name.Length);
        foreach (var verb in verbs)
            output.WriteLine($"  {verb.Name.PadRight(width)}  {verb.Description}");
        output.WriteLine();
        output.WriteLine("`VERB --help` explains a verb with an example. README.md and docs/ contain the documentation.");
    }

    /// <summary>Appends the example of a verb to its help.</summary>
    public static void AddExamples(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
            option.Action = new HelpWithExample((SynchronousCommandLineAction)option.Action!);
    }

    private sealed class HelpWithExample(SynchronousCommandLineAction inner) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = inner.Invoke(parseResult);
            if (parseResult.CommandResult.Command is Verb verb)
            {
                var name = string.Join(' ', verb.Parents.OfType<Verb>().Append(verb).Select(part => part.Name));
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Example:");
                output.WriteLine($"  dotnet run -- {name} {verb.Example}".TrimEnd());
                output.WriteLine();
            }

            return code;
        }
    }
}

/// <summary>
/// Finds words that look like options but are not. The parser accepts them as arguments if a verb has any: `ls --jsn` would look for an
/// experiment of that name, and `note smoke --remove` would write a note.
/// </summary>
internal static partial class UnknownOptions
{
    /// <summary>A message for each unknown option. Words after `--` are always arguments.</summary>
    public static IReadOnlyList<string> In(ParseResult parsed)
    {
        var words = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .ToList();
        var escaped = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToHashSet();
        return [.. words.Where(word => OptionPattern().IsMatch(word) && !escaped.Contains(word)).Select(word => Message(parsed, word, words))];
    }

    private static string Message(ParseResult parsed, string word, List<string> words)
    {
        var name = word.Split('=')[0];
        var command = parsed.CommandResult.Command;
        // `--seeds 0` instead of `seeds=0`: options of experiments are written as path=value.
        if (command.Arguments.Any(argument => argument.Name == CommonOptions.Override))
        {
            var path = name.TrimStart('-');
            var value = word.Contains('=', StringComparison.Ordinal) ? word[(name.Length + 1)..] : words.SkipWhile(other => other != word).ElementAtOrDefault(1) ?? "VALUE";
            if (path == "seeds" || path.Contains('.', StringComparison.Ordinal))
                return $"{command.Name} has no option {name}; write {path}={value}";
            if (path == "seed")
                return $"{command.Name} has no option {name}; write seeds={value}";
        }

        string[] known = [.. Options(parsed).Where(option => !option.Hidden).Select(option => option.Name).Distinct().Order(StringComparer.Ordinal)];
        var near = Nearest.To(name, known);
        return $"{command.Name} has no option {name}; {(near is null ? $"its options are {string.Join(", ", known)}" : $"did you mean {near}?")}";
    }

    private static IEnumerable<Option> Options(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive));
    }

    [GeneratedRegex(@"\A--?[A-Za-z][A-Za-z0-9.-]*(=.*)?\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex OptionPattern();
}
