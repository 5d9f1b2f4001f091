using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows, adds and removes tags of an experiment or a run. The index shows those of experiments, and is rendered again.</summary>
public sealed class TagVerb(Terminal terminal, LabPaths places, ArtifactStore store)
{
    /// <param name="tags">None: only show what is there.</param>
    public int Execute(string subject, IReadOnlyList<string> tags, bool remove, bool json)
    {
        if (tags.FirstOrDefault(tag => !AnnotationRules.IsTag(tag)) is { } wrong)
        {
            terminal.Error.WriteLine($"`{PrintableText.Of(wrong, 40)}` is no tag: use 1 to 64 letters, digits and . _ -");
            return ExitCode.Usage;
        }

        using var database = tags.Count > 0 ? LabDatabase.OpenExisting(places.Database) : LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var about = AnnotationSubject.Of(new NameResolver(queries), subject);
        if (tags.Count > 0)
            new StoreRecords(store).RequireKnownMarks();
        var log = new AnnotationWriter(database);
        foreach (var tag in tags)
        {
            if (!remove)
                log.Tag(about.Kind, about.Name, tag);
            else if (!log.Untag(about.Kind, about.Name, tag))
                terminal.Error.WriteLine($"{about.Name} has no tag `{tag}`");
        }

        if (tags.Count > 0)
            AnnotationSubject.Keep(queries, store);
        if (tags.Count > 0 && about.Kind == Annotation.Experiment)
            new ReportPages(queries, places).WriteIndex();
        Show(about, [.. queries.Annotations().Tags.Where(mark => mark.Kind == about.Kind && mark.Subject == about.Name).Select(mark => mark.Text)], json);
        return ExitCode.Ok;
    }

    private void Show(AnnotationSubject about, IReadOnlyList<string> tags, bool json)
    {
        if (!json)
        {
            terminal.Out.WriteLine($"{about.Name}: {(tags.Count == 0 ? "no tags" : string.Join(' ', tags.Select(tag => PrintableText.Of(tag))))}");
            return;
        }

        terminal.Out.WriteLine(JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("kind", about.Kind);
            writer.WriteString("subject", about.Name);
            writer.Strings("tags", tags);
            writer.WriteEndObject();
        }));
    }
}

/// <summary>Shows or writes the note of an experiment or a run. A note is any text; it is never anything but text.</summary>
public sealed class NoteVerb(Terminal terminal, LabPaths places, ArtifactStore store)
{
    /// <param name="text">Null: show what is there; empty: remove it.</param>
    public int Execute(string subject, string? text, bool json)
    {
        if (text?.Length > AnnotationRules.LongestNote)
        {
            terminal.Error.WriteLine($"the note has {text.Length} characters; {AnnotationRules.LongestNote} are allowed: put it into a file and note where that is");
            return ExitCode.Usage;
        }

        using var database = text is null ? LabDatabase.OpenReadOnly(places.Database) : LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var about = AnnotationSubject.Of(new NameResolver(queries), subject);
        if (text is not null)
        {
            new StoreRecords(store).RequireKnownMarks();
            new AnnotationWriter(database).Note(about.Kind, about.Name, text);
            AnnotationSubject.Keep(queries, store);
        }

        var note = queries.Annotations().Notes.FirstOrDefault(mark => mark.Kind == about.Kind && mark.Subject == about.Name)?.Text;
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
            terminal.Out.WriteLine("  " + PrintableText.Of(line, AnnotationRules.LongestNote));
        return ExitCode.Ok;
    }
}

/// <summary>Puts an experiment away: it stays in the database, `ls` passes over it, and `gc` may delete what only it needs.</summary>
public sealed class ArchiveVerb(Terminal terminal, LabPaths places, ArtifactStore store)
{
    public int Execute(string experiment, bool undo)
    {
        using var database = LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(experiment);
        new StoreRecords(store).RequireKnownMarks();
        new AnnotationWriter(database).Archive(name, !undo);
        AnnotationSubject.Keep(queries, store);
        terminal.Out.WriteLine(undo
            ? $"{name} is no longer archived"
            : $"{name} is archived; its results stay in the database, and `gc` may delete the stages that only it needs");
        return ExitCode.Ok;
    }
}

/// <summary>What a tag or a note is about, as the database names it.</summary>
/// <param name="Kind">experiment or run.</param>
/// <param name="Name">Name, or id in full.</param>
public sealed record AnnotationSubject(string Kind, string Name)
{
    public static AnnotationSubject Of(NameResolver subjects, string text)
    {
        var (experiment, run) = subjects.Names(text);
        return run is null ? new(Annotation.Experiment, experiment) : new(Annotation.Run, run.Id);
    }

    /// <summary>Marks stand in the store too: no journal tells them, and the database could be lost.</summary>
    public static void Keep(RunQueries queries, ArtifactStore store) => new StoreRecords(store).WriteMarks(queries.Annotations());
}
