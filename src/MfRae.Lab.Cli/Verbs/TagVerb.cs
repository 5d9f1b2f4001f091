using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows, adds and removes tags of an experiment or a run. The index shows those of experiments, and is rendered again.</summary>
public sealed class TagVerb(Terminal terminal, Places places, ArtifactStore store)
{
    /// <param name="tags">None: only show what is there.</param>
    public int Execute(string subject, IReadOnlyList<string> tags, bool remove, bool json)
    {
        if (tags.FirstOrDefault(tag => !MarkRules.IsTag(tag)) is { } wrong)
        {
            terminal.Error.WriteLine($"`{PrintableText.Of(wrong, 40)}` is no tag: use 1 to 64 letters, digits and . _ -");
            return ExitCode.Usage;
        }

        using var database = tags.Count > 0 ? LabDatabase.OpenExisting(places.Database) : LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var about = MarkSubject.Of(new Subjects(queries), subject);
        if (tags.Count > 0)
            new StoreRecords(store).RequireKnownMarks();
        var log = new MarkLog(database);
        foreach (var tag in tags)
        {
            if (!remove)
                log.Tag(about.Kind, about.Name, tag);
            else if (!log.Untag(about.Kind, about.Name, tag))
                terminal.Error.WriteLine($"{about.Name} has no tag `{tag}`");
        }

        if (tags.Count > 0)
            MarkSubject.Keep(queries, store);
        if (tags.Count > 0 && about.Kind == Mark.Experiment)
            new Reports(queries, places).WriteIndex();
        Show(about, [.. queries.Marks().Tags.Where(mark => mark.Kind == about.Kind && mark.Subject == about.Name).Select(mark => mark.Text)], json);
        return ExitCode.Ok;
    }

    private void Show(MarkSubject about, IReadOnlyList<string> tags, bool json)
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
