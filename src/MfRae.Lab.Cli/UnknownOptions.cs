using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Experiments.Reading;

namespace MfRae.Lab.Cli;

/// <summary>
/// Finds words that look like options and are none. The parser takes them for arguments where a verb has any, so that `ls --jsn` would
/// look for an experiment of that name, and `note smoke --remove` write a note.
/// </summary>
internal static partial class UnknownOptions
{
    /// <summary>A message for each of them. What follows `--` is an argument in any case.</summary>
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
        // `--seeds 0` in place of `seeds=0`: options of experiments are written as path=value.
        if (command.Arguments.Any(argument => argument.Name == CommandLine.Override))
        {
            var path = name.TrimStart('-');
            var value = word.Contains('=', StringComparison.Ordinal) ? word[(name.Length + 1)..] : words.SkipWhile(other => other != word).ElementAtOrDefault(1) ?? "VALUE";
            if (path == "seeds" || path.Contains('.', StringComparison.Ordinal))
                return $"there is no option {name}; write {path}={value}";
            if (path == "seed")
                return $"there is no option {name}; write seeds={value}";
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
