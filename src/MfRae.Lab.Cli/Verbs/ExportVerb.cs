using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;
using MfRae.Lab.Tracking.Exchange;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Writes an experiment's data as files for other programs.</summary>
public sealed class ExportVerb(Terminal terminal, Places places, StopSignals signals)
{
    /// <exception cref="Core.Experiments.LabException">There is no such experiment, or the folder cannot be written to.</exception>
    public int Execute(ExportRequest request)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var name = new Subjects(new RunQueries(database)).Name(request.Experiment);
        var target = Path.GetFullPath(request.Target, places.WorkingDirectory);
        var outcome = new ExperimentExport(database).Write(name, target, request.Formats, request.Force, signals.Stop);
        foreach (var warning in outcome.Warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        if (request.Json)
            terminal.Out.WriteLine(Json(target, outcome));
        else
            terminal.Out.Write(Table(outcome));
        return ExitCode.Ok;
    }

    private static TextTable Table(ExportOutcome outcome) => new TextTable("file", "rows", "bytes").Add(
        outcome.Index.Files.Select(file => new[] { file.Name, CellText.Of(file.Rows), CellText.Of(file.Size) }));

    private static string Json(string target, ExportOutcome outcome) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("experiment", outcome.Index.Experiment);
        json.WriteString("folder", target);
        json.Objects("files", outcome.Index.Files, file =>
        {
            json.WriteString("name", file.Name);
            json.WriteNumber("rows", file.Rows);
            json.WriteNumber("bytes", file.Size);
            json.WriteString("sha256", file.Sha256);
        });
        json.Strings("warnings", outcome.Warnings);
        json.WriteEndObject();
    });
}
