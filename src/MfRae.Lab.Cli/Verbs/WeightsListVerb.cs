using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
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
