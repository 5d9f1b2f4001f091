using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists the weights of a folder.</summary>
public sealed class WeightsListVerb(Terminal terminal, string workingDirectory)
{
    private const int ShownDigits = 12;

    public int Execute(string folder)
    {
        var table = new TextTable("name", "network", "numbers", "bytes", "sha256", "measured");
        foreach (var file in WeightsFolder.Files(Path.GetFullPath(folder, workingDirectory)))
            table.Add(Row(file));
        terminal.Out.Write(table);
        return ExitCode.Ok;
    }

    private static string[] Row(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var card = CardContent.Read(WeightsFolder.Card(file));
        var hash = card?.Sha256[..Math.Min(ShownDigits, card.Sha256.Length)] ?? "no card";
        var measured = string.Join(", ", (card?.Measurements ?? []).Select(item => $"{item.Metric} {Short(item.Value)}"));
        if (!File.Exists(file))
            return [name, "missing", "", "", hash, measured];
        try
        {
            var content = TensorFileSummary.Of(file);
            var network = content.Metadata.GetValueOrDefault("type", content.Format);
            return [name, network, Grouped(content.Count), Grouped(new FileInfo(file).Length), hash, measured];
        }
        catch (LabException)
        {
            // One broken file must not hide the others; `verify` says what is wrong with it.
            return [name, "unreadable", "", Grouped(new FileInfo(file).Length), hash, measured];
        }
    }

    private static string Short(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "not finite";

    private static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>Shows what a file of weights holds.</summary>
public sealed class WeightsInspectVerb(Terminal terminal, string workingDirectory)
{
    private const int LongestText = 100;

    /// <param name="file">As <see cref="TensorFile.Open"/> takes it.</param>
    public int Execute(string file, bool json)
    {
        var content = TensorFileSummary.Of(Path.GetFullPath(file, workingDirectory));
        if (json)
            terminal.Out.WriteLine(Json(content));
        else
            Write(content);
        return ExitCode.Ok;
    }

    private void Write(TensorFileSummary content)
    {
        terminal.Out.WriteLine($"format   {content.Format}");
        terminal.Out.WriteLine($"tensors  {Grouped(content.Tensors.Count)}");
        terminal.Out.WriteLine($"numbers  {Grouped(content.Count)}, {Grouped(Bytes(content.Tensors))} bytes");
        var groups = Groups(content);
        if (groups.Count > 1 && groups.Count < content.Tensors.Count)
        {
            var dictionaries = new TextTable("part", "tensors", "numbers", "bytes");
            foreach (var (name, tensors) in groups)
                dictionaries.Add(name, Grouped(tensors.Count), Grouped(tensors.Sum(tensor => tensor.Count)), Grouped(Bytes(tensors)));
            terminal.Out.Write("\n" + dictionaries);
        }

        var table = new TextTable("tensor", "type", "shape", "numbers");
        foreach (var tensor in content.Tensors)
            table.Add(tensor.Name, tensor.Type, $"[{string.Join(", ", tensor.Shape)}]", Grouped(tensor.Count));
        terminal.Out.Write("\n" + table);
        if (content.Unread.Count > 0)
        {
            var unread = new TextTable("not read", "reason");
            foreach (var (name, reason) in content.Unread)
                unread.Add(name.Length > 0 ? name : "(the whole)", reason);
            terminal.Out.Write("\n" + unread);
        }
        if (content.Metadata.Count == 0)
            return;
        var metadata = new TextTable("metadata", "value");
        foreach (var (key, value) in content.Metadata)
            metadata.Add(key, value.Length > LongestText ? value[..LongestText] + "…" : value);
        terminal.Out.Write("\n" + metadata);
    }

    private static string Json(TensorFileSummary content) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("format", content.Format);
        json.WriteNumber("numbers", content.Count);
        json.WriteNumber("bytes", Bytes(content.Tensors));
        json.WriteStartObject("metadata");
        foreach (var (key, value) in content.Metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteStartObject("notRead");
        foreach (var (name, reason) in content.Unread)
            json.WriteString(name, reason);
        json.WriteEndObject();
        json.Objects("tensors", content.Tensors, tensor =>
        {
            json.WriteString("name", tensor.Name);
            json.WriteString("type", tensor.Type);
            json.WriteStartArray("shape");
            foreach (var extent in tensor.Shape)
                json.WriteNumberValue(extent);
            json.WriteEndArray();
        });
        json.WriteEndObject();
    });

    // Nested dictionaries of a checkpoint; in other files the parts of the network.
    private static List<(string Name, List<TensorSummary> Tensors)> Groups(TensorFileSummary content) =>
        [.. content.Tensors.GroupBy(tensor => tensor.Name.Contains('.') ? tensor.Name[..tensor.Name.IndexOf('.')] : tensor.Name)
            .Select(group => (group.Key, group.ToList()))];

    private static long Bytes(IEnumerable<TensorSummary> tensors) => tensors.Sum(tensor => tensor.Bytes);

    private static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>Writes the tensors of a file as safetensors or .npz.</summary>
public sealed class WeightsConvertVerb(Terminal terminal, string workingDirectory)
{
    /// <param name="key">Only this dictionary of the file; null for all.</param>
    /// <param name="type">As <see cref="TensorConversion"/> takes it.</param>
    public int Execute(string source, string target, string? key, string? type, IReadOnlyList<(string Old, string New)> renames)
    {
        var from = Path.GetFullPath(source, workingDirectory) + (key is null ? "" : $"::{key}");
        var to = Path.GetFullPath(target, workingDirectory);
        if (!Directory.Exists(Path.GetDirectoryName(to)))
            throw new LabException($"the folder of {to} does not exist: make it first");
        var mistakes = new TensorConversion(from, to, type, renames).Run();
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes)
                terminal.Error.WriteLine(mistake);
            terminal.Error.WriteLine("nothing was written");
            return ExitCode.Usage;
        }

        var written = TensorFileSummary.Of(to);
        terminal.Out.WriteLine(FormattableString.Invariant($"{target}: {written.Tensors.Count} tensors, {written.Count:N0} numbers"));
        return ExitCode.Ok;
    }
}

/// <summary>Checks files of weights against their cards, and that their values can be used.</summary>
public sealed class WeightsVerifyVerb(Terminal terminal, string workingDirectory)
{
    private const int ShownNames = 3;

    /// <param name="target">A file or a folder.</param>
    /// <returns><see cref="ExitCode.Incomparable"/> where a file is not what its card says, cannot be read, or is not finite.</returns>
    public int Execute(string target)
    {
        var places = LabPaths.Of(workingDirectory);
        var failed = false;
        foreach (var file in WeightsFolder.Files(Path.GetFullPath(target, workingDirectory)))
        {
            string? problem;
            try
            {
                problem = Problem(file);
            }
            catch (LabException broken)
            {
                problem = broken.Message;
            }
            failed |= problem is not null;
            var well = File.Exists(WeightsFolder.Card(file)) ? "ok" : "ok, but has no card";
            terminal.Out.WriteLine($"{places.Show(file)}: {problem ?? well}");
        }
        return failed ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private static string? Problem(string file)
    {
        var card = CardContent.Read(WeightsFolder.Card(file));
        if (card is not null && !File.Exists(file))
            return "is missing, though there is a card for it";
        if (card is not null && new FileInfo(file).Length is var bytes && bytes != card.Bytes)
            return FormattableString.Invariant($"has {bytes} bytes where its card says {card.Bytes}");
        if (card is not null && FileHash.Of(file) is var hash && hash != card.Sha256)
            return $"has the SHA-256 {hash} where its card says {card.Sha256}";
        if (TensorCheck.NotRead(file) is { Count: > 0 } unread)
            return $"has values that are not read, {Shown(unread)}: 'weights inspect' says why";
        return TensorCheck.NotFinite(file) is { Count: > 0 } bad ? $"has values that are not finite in {Shown(bad)}" : null;
    }

    private static string Shown(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(ShownNames)) + (names.Count > ShownNames ? ", …" : "");
}

/// <summary>Prints hashes of files.</summary>
public sealed class WeightsHashVerb(Terminal terminal, string workingDirectory)
{
    public int Execute(IReadOnlyList<string> files)
    {
        foreach (var file in files)
            terminal.Out.WriteLine($"{FileHash.Of(Path.GetFullPath(file, workingDirectory))}  {file}");
        return ExitCode.Ok;
    }
}

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
