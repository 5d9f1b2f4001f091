using System.CommandLine;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli;

/// <summary>The verb `weights` and what can be done with files of weights.</summary>
internal static class WeightsCommand
{
    private const string DefaultFolder = "data/weights";

    public static Command Build(Composition composition) => new("weights", "Look at, convert and verify files of weights")
    {
        List(composition),
        Inspect(composition),
        Convert(composition),
        Verify(composition),
        Hash(composition),
    };

    private static Command List(Composition composition)
    {
        var folder = Folder("DIR", "Folder of weights and their cards");
        var command = new Command("list", "List the weights of a folder, with what their cards say") { folder };
        command.SetAction(parsed => composition.WeightsList().Execute(parsed.GetRequiredValue(folder)));
        return command;
    }

    private static Command Inspect(Composition composition)
    {
        var file = File("FILE", "safetensors, a PyTorch checkpoint, .npz or .npy; FILE::ema for the dictionary `ema` inside");
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("inspect", "Show format, tensors and metadata of a file, without reading its values") { file, json };
        command.SetAction(parsed => composition.WeightsInspect().Execute(parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return command;
    }

    private static Command Convert(Composition composition)
    {
        var source = File("IN", "A file as `inspect` takes it");
        var target = File("OUT", "OUT.safetensors, or OUT.npz");
        var key = new Option<string>("--key") { Description = "Only this dictionary of the file, as `ema`", HelpName = "NAME" };
        var type = new Option<string>("--dtype")
        {
            Description = $"Type of numbers with a fraction: {string.Join(", ", TensorConversion.TypeNames)}",
            HelpName = "TYPE",
        };
        type.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !TensorConversion.TypeNames.Contains(token.Value))
                result.AddError($"unknown type '{token.Value}': use {string.Join(", ", TensorConversion.TypeNames)}");
        });
        var renames = new Option<string[]>("--rename")
        {
            Description = "A tensor's name, or where OLD ends with a dot the begin of names; may be repeated",
            HelpName = "OLD=NEW",
        };
        renames.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
                result.AddError($"'{token.Value}' is not OLD=NEW");
        });
        var command = new Command("convert", "Write the tensors of a file as safetensors or .npz") { source, target, key, type, renames };
        command.SetAction(parsed => composition.WeightsConvert().Execute(
            parsed.GetRequiredValue(source),
            parsed.GetRequiredValue(target),
            parsed.GetValue(key),
            parsed.GetValue(type),
            [.. (parsed.GetValue(renames) ?? []).Select(rename => rename.Split('=', 2)).Select(rename => (rename[0], rename[1]))]));
        return command;
    }

    private static Command Verify(Composition composition)
    {
        var target = Folder("FILE|DIR", "A file of weights, or a folder of them");
        var command = new Command("verify",
            "Check weights: hash and size are those of the card, all can be read, all values are finite; exit 3 where not") { target };
        command.SetAction(parsed => composition.WeightsVerify().Execute(parsed.GetRequiredValue(target)));
        return command;
    }

    private static Command Hash(Composition composition)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files", Arity = ArgumentArity.OneOrMore };
        var command = new Command("hash", "Print the SHA-256 of files, as sha256sum does") { files };
        command.SetAction(parsed => composition.WeightsHash().Execute(parsed.GetRequiredValue(files)));
        return command;
    }

    private static Argument<string> File(string name, string description) => new(name) { Description = description };

    private static Argument<string> Folder(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => DefaultFolder,
    };
}
