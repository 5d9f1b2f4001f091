using System.CommandLine;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`tag`: shows, adds and removes tags of an experiment or a run. The index page lists the tags of experiments.</summary>
internal static class TagVerb
{
    public static Command Create(LabContext lab)
    {
        var (subject, json) = (CommonOptions.RunOrExperiment(), CommonOptions.Json());
        var tags = new Argument<string[]>("TAG") { Description = "Tags to add; without any, the existing tags are shown", Arity = ArgumentArity.ZeroOrMore };
        var remove = new Option<bool>("--remove") { Description = "Remove these tags instead" };
        var command = new Verb("tag", "Show, add or remove tags of an experiment or a run", "ablation-lambda baseline") { subject, tags, remove, json };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(subject), parsed.GetValue(tags) ?? [], parsed.GetValue(remove), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string subject, string[] tags, bool remove, bool json)
    {
        if (tags.FirstOrDefault(tag => !AnnotationRules.IsTag(tag)) is { } wrong)
        {
            lab.Terminal.Error.WriteLine($"`{PrintableText.Of(wrong, 40)}` is not a tag: use 1 to 64 letters, digits and . _ -");
            return ExitCode.Usage;
        }

        using var database = tags.Length > 0 ? lab.OpenDatabaseForChanges() : lab.OpenDatabase();
        var queries = new RunQueries(database);
        var about = AnnotationSubject.Of(new NameResolver(queries), subject);
        if (tags.Length > 0)
            new StoreRecords(lab.Store).RequireKnownMarks();
        var log = new AnnotationWriter(database);
        foreach (var tag in tags)
        {
            if (!remove)
                log.Tag(about.Kind, about.Name, tag);
            else if (!log.Untag(about.Kind, about.Name, tag))
                lab.Terminal.Error.WriteLine($"{about.Name} has no tag `{tag}`");
        }

        if (tags.Length > 0)
            AnnotationSubject.Keep(queries, lab.Store);
        if (tags.Length > 0 && about.Kind == Annotation.Experiment)
            new ReportPages(queries, lab.Paths).WriteOverviews();
        string[] present = [.. queries.Annotations().Tags.Where(tag => tag.Kind == about.Kind && tag.Subject == about.Name).Select(tag => tag.Text)];
        lab.Terminal.Out.WriteLine(json
            ? JsonText.Of(new TagsJson(about.Kind, about.Name, present))
            : $"{about.Name}: {(present.Length == 0 ? "no tags" : string.Join(' ', present.Select(tag => PrintableText.Of(tag))))}");
        return ExitCode.Ok;
    }

    private sealed record TagsJson(string Kind, string Subject, IReadOnlyList<string> Tags);
}

/// <summary>`note`: shows or replaces the note of an experiment or a run. A note is plain text.</summary>
internal static class NoteVerb
{
    public static Command Create(LabContext lab)
    {
        var (subject, json) = (CommonOptions.RunOrExperiment(), CommonOptions.Json());
        var text = new Argument<string?>("TEXT")
        {
            Description = "The new note, which replaces the existing one; \"\" removes it; without it, the existing note is shown",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Verb("note", "Show or replace the note of an experiment or a run", "ablation-lambda \"The run behind figure 2.\"")
        {
            subject, text, json,
        };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetRequiredValue(subject), parsed.GetValue(text), parsed.GetValue(json)));
        return command;
    }

    /// <param name="text">Null: show the note; empty: remove it.</param>
    private static int Execute(LabContext lab, string subject, string? text, bool json)
    {
        var terminal = lab.Terminal;
        if (text?.Length > AnnotationRules.LongestNote)
        {
            terminal.Error.WriteLine($"the note has {text.Length} characters, the maximum is {AnnotationRules.LongestNote}: write it to a file and note its path");
            return ExitCode.Usage;
        }

        using var database = text is null ? lab.OpenDatabase() : lab.OpenDatabaseForChanges();
        var queries = new RunQueries(database);
        var about = AnnotationSubject.Of(new NameResolver(queries), subject);
        if (text is not null)
        {
            new StoreRecords(lab.Store).RequireKnownMarks();
            new AnnotationWriter(database).Note(about.Kind, about.Name, text);
            AnnotationSubject.Keep(queries, lab.Store);
        }

        var note = queries.Annotations().Notes.FirstOrDefault(note => note.Kind == about.Kind && note.Subject == about.Name)?.Text;
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Of(new NoteJson(about.Kind, about.Name, note)));
            return ExitCode.Ok;
        }

        terminal.Out.WriteLine(note is null ? $"{about.Name} has no note" : $"{about.Name}:");
        foreach (var line in note?.ReplaceLineEndings("\n").Split('\n') ?? [])
            terminal.Out.WriteLine("  " + PrintableText.Of(line, AnnotationRules.LongestNote));
        return ExitCode.Ok;
    }

    private sealed record NoteJson(string Kind, string Subject, string? Note);
}

/// <summary>`archive`: hides an experiment from `ls` and lets `gc` delete its stages. It stays in the database.</summary>
internal static class ArchiveVerb
{
    public static Command Create(LabContext lab)
    {
        var experiment = CommonOptions.Experiment();
        var undo = new Option<bool>("--undo") { Description = "Undo the archiving" };
        var command = new Verb("archive", "Hide an experiment from `ls`, and let `gc` delete the stages that only it needs", "smoke") { experiment, undo };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetRequiredValue(experiment), parsed.GetValue(undo)));
        return command;
    }

    private static int Execute(LabContext lab, string experiment, bool undo)
    {
        using var database = lab.OpenDatabaseForChanges();
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(experiment);
        new StoreRecords(lab.Store).RequireKnownMarks();
        new AnnotationWriter(database).Archive(name, !undo);
        AnnotationSubject.Keep(queries, lab.Store);
        lab.Terminal.Out.WriteLine(undo
            ? $"{name} is no longer archived"
            : $"{name} is archived; its results stay in the database, and `gc` may delete the stages that only it needs");
        return ExitCode.Ok;
    }
}

/// <summary>The experiment or run that a tag or note belongs to.</summary>
/// <param name="Kind">experiment or run.</param>
/// <param name="Name">The name of the experiment, or the full id of the run.</param>
internal sealed record AnnotationSubject(string Kind, string Name)
{
    public static AnnotationSubject Of(NameResolver names, string text)
    {
        var (experiment, run) = names.Names(text);
        return run is null ? new(Annotation.Experiment, experiment) : new(Annotation.Run, run.Id);
    }

    /// <summary>Writes the annotations to the store too: no journal contains them, so `db rebuild` reads them from there.</summary>
    public static void Keep(RunQueries queries, ArtifactStore store) => new StoreRecords(store).WriteMarks(queries.Annotations());
}
