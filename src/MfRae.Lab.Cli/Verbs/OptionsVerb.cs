using System.CommandLine;
using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`options`: lists the options of experiment files, or explains those at a path.</summary>
internal static class OptionsVerb
{
    public static Command Create(LabContext lab)
    {
        var path = new Argument<string?>("PATH")
        {
            Description = "The path of an option or object, such as meanflow.training; or a part of it, such as learningRate. By default all options are listed",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommonOptions.Json();
        var markdown = new Option<bool>("--markdown") { Description = "Print docs/options.md" };
        var command = new Verb("options", "Explain the options of experiment files", "meanflow.training") { path, json, markdown };
        command.Exclude(json, markdown);
        command.SetAction(parsed => parsed.GetValue(markdown) ? Document(lab) : Execute(lab, parsed.GetValue(path), parsed.GetValue(json)));
        return command;
    }

    private static int Document(LabContext lab)
    {
        lab.Terminal.Out.Write(OptionsDocument.Write());
        return ExitCode.Ok;
    }

    private static int Execute(LabContext lab, string? path, bool json)
    {
        var all = OptionCatalogue.All();
        var found = path is null ? all : OptionCatalogue.Find(all, path);
        if (found.Count == 0)
        {
            var near = Nearest.To(path!, all.Select(entry => entry.Path)) is { } name ? $"did you mean `{name}`?" : "`options` without a path lists all of them";
            lab.Terminal.Error.WriteLine($"no path of an option contains `{path}`: {near}");
            return ExitCode.Usage;
        }

        if (json)
            lab.Terminal.Out.WriteLine(JsonText.Of(found));
        else
            lab.Terminal.Text.Write(path is null ? Table(found) : Explained(found));
        return ExitCode.Ok;
    }

    private static string Table(IReadOnlyList<OptionEntry> entries)
    {
        var table = new TextTable("option", "value", "default", "for");
        foreach (var entry in entries)
            table.Add(entry.Path, Value(entry), Default(entry), entry.Needs);
        return table.ToString();
    }

    private static string Explained(IReadOnlyList<OptionEntry> entries)
    {
        var text = new StringBuilder();
        foreach (var entry in entries)
        {
            text.Append(text.Length > 0 ? Environment.NewLine : "")
                .AppendLine(entry.Path + (entry.Needs.Length > 0 ? $"    for {entry.Needs}" : ""))
                .AppendLine($"  {Value(entry)}; {Default(entry)}");
            if (entry.Description.Length > 0)
                text.AppendLine($"  {entry.Description}");
        }

        return text.ToString();
    }

    private static string Value(OptionEntry entry) => entry.Unit is null ? entry.Value : $"{entry.Value} ({entry.Unit})";

    private static string Default(OptionEntry entry) => entry.Required ? "required" : entry.Default is { } value ? $"default {value}" : "absent by default";
}
