using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows or writes the note of an experiment or a run. A note is any text; it is never anything but text.</summary>
public sealed class NoteVerb(Terminal terminal, Places places, ArtifactStore store)
{
    /// <param name="text">Null: show what is there; empty: remove it.</param>
    public int Execute(string subject, string? text, bool json)
    {
        if (text?.Length > MarkRules.LongestNote)
        {
            terminal.Error.WriteLine($"the note has {text.Length} characters; {MarkRules.LongestNote} are allowed: put it into a file and note where that is");
            return ExitCode.Usage;
        }

        using var database = text is null ? LabDatabase.OpenReadOnly(places.Database) : LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var about = MarkSubject.Of(new Subjects(queries), subject);
        if (text is not null)
        {
            new StoreRecords(store).RequireKnownMarks();
            new MarkLog(database).Note(about.Kind, about.Name, text);
            MarkSubject.Keep(queries, store);
        }

        var note = queries.Marks().Notes.FirstOrDefault(mark => mark.Kind == about.Kind && mark.Subject == about.Name)?.Text;
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("kind", about.Kind);
                writer.WriteString("subject", about.Name);
                writer.WriteString("note", note);
                writer.WriteEndObject();
            }));
            return ExitCode.Ok;
        }

        terminal.Out.WriteLine(note is null ? $"{about.Name} has no note" : $"{about.Name}:");
        foreach (var line in note?.ReplaceLineEndings("\n").Split('\n') ?? [])
            terminal.Out.WriteLine("  " + PrintableText.Of(line, MarkRules.LongestNote));
        return ExitCode.Ok;
    }
}
