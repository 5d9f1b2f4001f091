using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`weights`: lists, inspects, converts and checks weights files.</summary>
internal static class WeightsVerbs
{
    private const string DefaultFolder = "data/weights";

    public static Command Create(LabContext lab) => new Verb("weights", "List, inspect, convert and check weights files", "list")
    {
        WeightsListVerb.Create(lab),
        WeightsInspectVerb.Create(lab),
        WeightsConvertVerb.Create(lab),
        WeightsVerifyVerb.Create(lab),
        WeightsHashVerb.Create(lab),
    };

    /// <summary>An argument that defaults to the folder of weights.</summary>
    public static Argument<string> Folder(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => DefaultFolder,
    };

    public static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>`weights list`: lists the weights of a folder.</summary>
internal static class WeightsListVerb
{
    private const int ShownDigits = 12;

    public static Command Create(LabContext lab)
    {
        var folder = WeightsVerbs.Folder("DIR", "A folder of weights and their cards");
        var command = new Verb("list", "List the weights in a folder, with the measurements in their cards", "data/weights") { folder };
        command.SetAction(parsed => Execute(lab, parsed.GetRequiredValue(folder)));
        return command;
    }

    private static int Execute(LabContext lab, string folder)
    {
        var table = new TextTable("name", "network", "numbers", "bytes", "sha256", "measured");
        foreach (var file in WeightsFolder.Files(Path.GetFullPath(folder, lab.WorkingDirectory)))
            table.Add(Row(file));
        lab.Terminal.Out.Write(table);
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
            return [name, network, WeightsVerbs.Grouped(content.Count), WeightsVerbs.Grouped(new FileInfo(file).Length), hash, measured];
        }
        catch (LabException)
        {
            // One broken file must not prevent the list; `weights verify` reports the problem.
            return [name, "unreadable", "", WeightsVerbs.Grouped(new FileInfo(file).Length), hash, measured];
        }
    }

    private static string Short(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "not finite";
}

/// <summary>`weights inspect`: shows the format, tensors and metadata of a file.</summary>
internal static class WeightsInspectVerb
{
    private const int LongestText = 100;

    public static Command Create(LabContext lab)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "safetensors, a PyTorch checkpoint, .npz or .npy; FILE::ema for the dictionary `ema` in the file",
        };
        var json = CommonOptions.Json();
        var command = new Verb("inspect", "Show the format, tensors and metadata of a file, without reading the values", "model.pt::ema") { file, json };
        command.SetAction(parsed => Execute(lab, parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string file, bool json)
    {
        var content = TensorFileSummary.Of(Path.GetFullPath(file, lab.WorkingDirectory));
        if (json)
            lab.Terminal.Out.WriteLine(Json(content));
        else
            Write(content, lab.Terminal.Out);
        return ExitCode.Ok;
    }

    private static void Write(TensorFileSummary content, TextWriter output)
    {
        output.WriteLine($"format   {content.Format}");
        output.WriteLine($"tensors  {WeightsVerbs.Grouped(content.Tensors.Count)}");
        output.WriteLine($"numbers  {WeightsVerbs.Grouped(content.Count)}, {WeightsVerbs.Grouped(Bytes(content.Tensors))} bytes");
        var groups = Groups(content);
        if (groups.Count > 1 && groups.Count < content.Tensors.Count)
        {
            var dictionaries = new TextTable("part", "tensors", "numbers", "bytes");
            foreach (var (name, tensors) in groups)
                dictionaries.Add(name, WeightsVerbs.Grouped(tensors.Count), WeightsVerbs.Grouped(tensors.Sum(tensor => tensor.Count)), WeightsVerbs.Grouped(Bytes(tensors)));
            output.Write("\n" + dictionaries);
        }

        var table = new TextTable("tensor", "type", "shape", "numbers");
        foreach (var tensor in content.Tensors)
            table.Add(tensor.Name, tensor.Type, $"[{string.Join(", ", tensor.Shape)}]", WeightsVerbs.Grouped(tensor.Count));
        output.Write("\n" + table);
        if (content.Unread.Count > 0)
        {
            var unread = new TextTable("not read", "reason");
            foreach (var (name, reason) in content.Unread)
                unread.Add(name.Length > 0 ? name : "(whole file)", reason);
            output.Write("\n" + unread);
        }
        if (content.Metadata.Count == 0)
            return;
        var metadata = new TextTable("metadata", "value");
        foreach (var (key, value) in content.Metadata)
            metadata.Add(key, value.Length > LongestText ? value[..LongestText] + "…" : value);
        output.Write("\n" + metadata);
    }

    private static string Json(TensorFileSummary content) => JsonText.Of(new FileJson(
        content.Format,
        content.Count,
        Bytes(content.Tensors),
        content.Metadata,
        content.Unread,
        [.. content.Tensors.Select(tensor => new TensorJson(tensor.Name, tensor.Type, tensor.Shape))]));

    // The nested dictionaries of a checkpoint; in other files, the parts of the network.
    private static List<(string Name, List<TensorSummary> Tensors)> Groups(TensorFileSummary content) =>
        [.. content.Tensors.GroupBy(tensor => tensor.Name.Contains('.') ? tensor.Name[..tensor.Name.IndexOf('.')] : tensor.Name)
            .Select(group => (group.Key, group.ToList()))];

    private static long Bytes(IEnumerable<TensorSummary> tensors) => tensors.Sum(tensor => tensor.Bytes);

    private sealed record FileJson(
        string Format,
        long Numbers,
        long Bytes,
        IReadOnlyDictionary<string, string> Metadata,
        IReadOnlyDictionary<string, string> NotRead,
        IReadOnlyList<TensorJson> Tensors);

    private sealed record TensorJson(string Name, string Type, IReadOnlyList<long> Shape);
}

/// <summary>`weights convert`: writes the tensors of a file as safetensors or .npz.</summary>
internal static class WeightsConvertVerb
{
    public static Command Create(LabContext lab)
    {
        var source = new Argument<string>("IN") { Description = "A file in a format that `inspect` accepts" };
        var target = new Argument<string>("OUT") { Description = "OUT.safetensors or OUT.npz" };
        var key = new Option<string>("--key") { Description = "Only this dictionary of the file, such as `ema`", HelpName = "NAME" };
        var type = new Option<string>("--dtype")
        {
            Description = $"Type of the floating-point numbers: {string.Join(", ", TensorConversion.TypeNames)}",
            HelpName = "TYPE",
        };
        type.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !TensorConversion.TypeNames.Contains(token.Value))
                result.AddError($"unknown type '{token.Value}': use {string.Join(", ", TensorConversion.TypeNames)}");
        });
        var renames = new Option<string[]>("--rename")
        {
            Description = "Rename a tensor, or a prefix of names if OLD ends with a dot; may be repeated",
            HelpName = "OLD=NEW",
        };
        renames.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
                result.AddError($"'{token.Value}' is not OLD=NEW");
        });
        var command = new Verb("convert", "Write the tensors of a file as safetensors or .npz", "model.pt model.safetensors --key ema --dtype f32")
        {
            source, target, key, type, renames,
        };
        command.SetAction(parsed => Execute(
            lab,
            parsed.GetRequiredValue(source),
            parsed.GetRequiredValue(target),
            parsed.GetValue(key),
            parsed.GetValue(type),
            [.. (parsed.GetValue(renames) ?? []).Select(rename => rename.Split('=', 2)).Select(rename => (rename[0], rename[1]))]));
        return command;
    }

    /// <param name="key">Only this dictionary of the file; null for all.</param>
    /// <param name="type">One of <see cref="TensorConversion.TypeNames"/>; null keeps the types.</param>
    private static int Execute(
        LabContext lab, string source, string target, string? key, string? type, IReadOnlyList<(string Old, string New)> renames)
    {
        var from = Path.GetFullPath(source, lab.WorkingDirectory) + (key is null ? "" : $"::{key}");
        var to = Path.GetFullPath(target, lab.WorkingDirectory);
        if (!Directory.Exists(Path.GetDirectoryName(to)))
            throw new LabException($"the folder of {to} does not exist: create it first");
        var mistakes = new TensorConversion(from, to, type, renames).Run();
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes)
                lab.Terminal.Error.WriteLine(mistake);
            lab.Terminal.Error.WriteLine("nothing was written");
            return ExitCode.Usage;
        }

        var written = TensorFileSummary.Of(to);
        lab.Terminal.Out.WriteLine(FormattableString.Invariant($"{target}: {written.Tensors.Count} tensors, {written.Count:N0} numbers"));
        return ExitCode.Ok;
    }
}

/// <summary>`weights verify`: checks weights files against their cards, and that all values are readable and finite.</summary>
internal static class WeightsVerifyVerb
{
    private const int ShownNames = 3;

    public static Command Create(LabContext lab)
    {
        var target = WeightsVerbs.Folder("FILE|DIR", "A weights file, or a folder of them");
        var command = new Verb("verify",
            "Check that hash and size of weights match their card, and that all values are readable and finite; exit with 3 otherwise",
            "data/weights")
        {
            target,
        };
        command.SetAction(parsed => Execute(lab, parsed.GetRequiredValue(target)));
        return command;
    }

    private static int Execute(LabContext lab, string target)
    {
        var failed = false;
        foreach (var file in WeightsFolder.Files(Path.GetFullPath(target, lab.WorkingDirectory)))
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
            lab.Terminal.Out.WriteLine($"{lab.Paths.Show(file)}: {problem ?? well}");
        }

        return failed ? ExitCode.Incomparable : ExitCode.Ok;
    }

    private static string? Problem(string file)
    {
        var card = CardContent.Read(WeightsFolder.Card(file));
        if (card is not null && !File.Exists(file))
            return "is missing, but its card exists";
        if (card is not null && new FileInfo(file).Length is var bytes && bytes != card.Bytes)
            return FormattableString.Invariant($"has {bytes} bytes, but its card says {card.Bytes}");
        if (card is not null && FileHash.Of(file) is var hash && hash != card.Sha256)
            return $"has the SHA-256 {hash}, but its card says {card.Sha256}";
        if (TensorCheck.NotRead(file) is { Count: > 0 } unread)
            return $"has values that are not read, {Shown(unread)}: 'weights inspect' gives the reason";
        return TensorCheck.NotFinite(file) is { Count: > 0 } bad ? $"has values that are not finite in {Shown(bad)}" : null;
    }

    private static string Shown(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(ShownNames)) + (names.Count > ShownNames ? ", …" : "");
}

/// <summary>`weights hash`: prints hashes of files.</summary>
internal static class WeightsHashVerb
{
    public static Command Create(LabContext lab)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files", Arity = ArgumentArity.OneOrMore };
        var command = new Verb("hash", "Print the SHA-256 of files, in the format of sha256sum", "data/weights/teacher.safetensors") { files };
        command.SetAction(parsed =>
        {
            foreach (var file in parsed.GetRequiredValue(files))
                lab.Terminal.Out.WriteLine($"{FileHash.Of(Path.GetFullPath(file, lab.WorkingDirectory))}  {file}");
            return ExitCode.Ok;
        });
        return command;
    }
}
