using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli;

/// <summary>A command with an example. The example ends its help (<see cref="HelpText"/>).</summary>
/// <param name="example">The arguments of the example, without the name of the verb.</param>
internal sealed class Verb(string name, string description, string example) : Command(name, description)
{
    public string Example => example;
}

/// <summary>Arguments and options that several verbs share.</summary>
internal static class CommonOptions
{
    private const string Auto = "auto";
    private const string AllKinds = "all";

    /// <summary>The name of the argument that takes `path.to.option=value`.</summary>
    public const string Override = "OVERRIDE";

    public static Argument<string> ExperimentFile() => new("FILE") { Description = "The experiment file" };

    public static Argument<string[]> Overrides() => new(Override)
    {
        Description = "path.to.option=value for every arm, or seeds=0-5",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Argument<string> Run(string name = "RUN") => new(name) { Description = "The first digits of a run id, enough to be unique" };

    public static Argument<string> Experiment() => new("EXPERIMENT") { Description = "The name or file of an experiment" };

    /// <summary>An argument that names an experiment or a version.</summary>
    public static Argument<string> Version(string name) =>
        new(name) { Description = "The name or file of an experiment, or a version of it such as NAME@1 (see `history`)" };

    public static Argument<string> RunOrExperiment() =>
        new("RUN|EXPERIMENT") { Description = "The first digits of a run id, or the name of an experiment" };

    public static Option<string[]> Only() =>
        new("--only") { Description = "Run only this arm; repeat the option for several arms", HelpName = "ARM" };

    /// <summary>An option that takes kinds of stored files, and may be repeated: see <see cref="GetKinds"/>.</summary>
    public static Option<string[]> Kinds(string name, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = $"{description}: {string.Join(", ", StoredFiles.Names)}, or all; repeat the option for several",
            HelpName = "KIND",
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value != AllKinds && !StoredFiles.Names.Contains(token.Value)))
                result.AddError($"{name}: unknown kind '{token.Value}': use {string.Join(", ", StoredFiles.Names)} or {AllKinds}");
        });
        return option;
    }

    /// <summary>The union of the kinds that an option names; None without the option.</summary>
    public static StoredFileKinds GetKinds(this ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) is { } names
        ? names.Contains(AllKinds) ? StoredFileKinds.All : StoredFiles.Parse(names) ?? throw new InvalidOperationException("unchecked kind")
        : StoredFileKinds.None;

    public static Option<bool> Json(string description = "Print JSON") => new("--json") { Description = description };

    public static Option<string> Device()
    {
        var device = new Option<string>("--device")
        {
            Description = "auto, cpu, cuda or cuda:N. Results of different devices differ by rounding",
            HelpName = "DEVICE",
            DefaultValueFactory = _ => "auto",
        };
        device.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (name is not ("auto" or "cpu" or "cuda")
                && !(name?.StartsWith("cuda:", StringComparison.Ordinal) == true && uint.TryParse(name[5..], out _)))
            {
                result.AddError($"unknown device '{name}': use auto, cpu, cuda or cuda:N");
            }
        });
        return device;
    }

    public static Option<int?> Jobs() => Number(
        "--jobs", "How many stages run at the same time; with `--device cuda` each uses its own GPU. 0 chooses automatically", 0, 0);

    /// <summary>The most samples of a training batch that are evaluated at once: see <see cref="GetMicroBatch"/>.</summary>
    public static Option<string?> MicroBatch()
    {
        var option = new Option<string?>("--micro-batch")
        {
            Description = "Evaluate at most N samples of a training batch at once, and add up their gradients: less memory, and the same gradient up to "
                + "rounding. auto chooses N, and recomputation, from the free memory. By default a batch is evaluated whole",
            HelpName = "N|auto",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != Auto
                && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1))
            {
                result.AddError("--micro-batch requires an integer of at least 1, or auto");
            }
        });
        return option;
    }

    public static Option<bool> Recompute() => new("--recompute")
    {
        Description = "Compute the activations of DiT^DH again in the backward pass of a training instead of keeping them: less memory, and a third more time",
    };

    public static Option<int?> Ranks() => Number(
        "--ranks",
        "Compute each training, sampling and evaluation on N processes (OpenMPI), which divide the batches among them: the same samples and features as "
            + "one process, and the same gradient as one process with the same micro-batches",
        1, 1);

    /// <summary>The value of `--micro-batch` for <see cref="RunSettings.MicroBatch"/>.</summary>
    public static int GetMicroBatch(this ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => 0,
        Auto => RunSettings.AutoMicroBatch,
        var number => int.Parse(number, CultureInfo.InvariantCulture),
    };

    /// <summary>An option that takes an integer of at least <paramref name="least"/>.</summary>
    /// <param name="usual">The default; null if the option has none.</param>
    public static Option<int?> Number(string name, string description, int least, int? usual = null, string helpName = "N")
    {
        var option = new Option<int?>(name) { Description = description, HelpName = helpName };
        if (usual is not null)
            option.DefaultValueFactory = _ => usual;
        option.Validators.Add(result =>
        {
            // The token itself is checked: reading the value of a word that is not an integer throws.
            if (result.Tokens is [var token]
                && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least))
            {
                result.AddError($"{name} requires an integer of at least {least}");
            }
        });
        return option;
    }

    /// <summary>Makes two options of a command exclude each other.</summary>
    public static void Exclude(this Command command, Option<bool> one, Option<bool> other) => command.Validators.Add(result =>
    {
        if (result.GetValue(one) && result.GetValue(other))
            result.AddError($"{one.Name} and {other.Name} exclude each other");
    });

    /// <summary>The value of an option that has a default.</summary>
    public static int GetNumber(this ParseResult parsed, Option<int?> option) => parsed.GetValue(option)
        ?? throw new InvalidOperationException($"{option.Name} has no default");
}
