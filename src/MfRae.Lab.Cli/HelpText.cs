using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli;

/// <summary>What the help says beyond names and descriptions: an example of each verb, and what to try first.</summary>
internal static class HelpText
{
    /// <summary>Each verb with the arguments of an example, in the order of the help.</summary>
    public static readonly IReadOnlyDictionary<string, string> Examples = new Dictionary<string, string>
    {
        ["run"] = "experiments/ablation-lambda.json seeds=0-5 --only meanflow.lambda=1",
        ["plan"] = "experiments/ablation-lambda.json seeds=0-5",
        ["validate"] = "experiments/paper/imagenet256.json meanflow.training.batchSize=256",
        ["profile"] = "experiments/paper/imagenet256.json --json",
        ["schema"] = "> experiments/experiment.schema.json",
        ["ls"] = "smoke --status failed",
        ["show"] = "3f2a --json",
        ["query"] = "\"select arm, metric, mean, sd, n from arms\" --csv",
        ["report"] = "ablation-lambda --against ablation-lambda-8",
        ["serve"] = "--port 8642",
        ["publish"] = "fashion-mnist --to data/weights",
        ["evaluate"] = "--samples samples/ --reference fashion-mnist:test --metrics fid,is",
        ["weights"] = "list",
        ["weights list"] = "data/weights",
        ["weights inspect"] = "model.pt::ema",
        ["weights convert"] = "model.pt model.safetensors --key ema --dtype f32",
        ["weights verify"] = "data/weights",
        ["weights hash"] = "data/weights/teacher.safetensors",
        ["diff"] = "3f2a 91c0",
        ["compare"] = "ablation-lambda ablation-lambda-8 --metric fid@1",
        ["history"] = "ablation-lambda",
        ["logs"] = "3f2a --stage meanflow --tail 20",
        ["tag"] = "ablation-lambda baseline",
        ["note"] = "ablation-lambda \"The run behind figure 2.\"",
        ["archive"] = "smoke",
        ["rm"] = "smoke",
        ["gc"] = "--dry-run --older-than 30d",
        ["verify"] = "reports/published/ablation-lambda.html",
        ["db"] = "check",
        ["db check"] = "--json",
        ["db rebuild"] = "",
        ["db backup"] = "lab-backup.db",
        ["doctor"] = "--json",
        ["export"] = "ablation-lambda --to ablation-lambda.capsule",
        ["import"] = "ablation-lambda.capsule",
    };

    private const string Start = """
        MfRae.Lab: a laboratory for few-step image generators (MeanFlow in the latent space of representation autoencoders).
        An experiment is a JSON file with a question. The lab plans it as stages, computes each stage once, and answers with a
        table, an HTML report and a database.

        First steps:
          dotnet run -- experiments/smoke.json                  whether everything works, half a minute
          dotnet run -- plan experiments/ablation-lambda.json   what an experiment would run, and what it can show
          dotnet run -- experiments/ablation-lambda.json        run it: ten minutes on two cores
          dotnet run -- serve                                   the reports in a browser, live

        Verbs:
        """;

    /// <summary>What the program prints without arguments.</summary>
    public static void WriteStart(RootCommand root, TextWriter output)
    {
        output.WriteLine(Start);
        var verbs = root.Subcommands.Where(verb => !verb.Hidden).ToList();
        var width = verbs.Max(verb => verb.Name.Length);
        foreach (var verb in verbs)
            output.WriteLine($"  {verb.Name.PadRight(width)}  {verb.Description}");
        output.WriteLine();
        output.WriteLine("`VERB --help` explains a verb with an example; README.md and docs/ explain the rest.");
    }

    /// <summary>Lets the help of each verb end with its example.</summary>
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
            var command = parseResult.CommandResult.Command;
            var verb = string.Join(' ', command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Append(command).Select(part => part.Name));
            if (Examples.TryGetValue(verb, out var arguments))
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Example:");
                output.WriteLine($"  dotnet run -- {verb} {arguments}".TrimEnd());
                output.WriteLine();
            }

            return code;
        }
    }
}

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
