using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Database.Writing;

/// <summary>Writes tags, notes and archive annotations of experiments and runs. Each call is one transaction.</summary>
/// <exception cref="LabException">The database is read-only or cannot be written.</exception>
public sealed class AnnotationWriter(LabDatabase database)
{
    /// <summary>Adds a tag to a subject.</summary>
    public void Tag(string kind, string subject, string tag) => database.Write(writer => writer.Execute(
        "INSERT INTO tag (kind, subject, tag) VALUES (@kind, @subject, @tag) ON CONFLICT DO NOTHING", new { kind, subject, tag }));

    /// <summary>Removes a tag.</summary>
    /// <returns>Whether the tag existed.</returns>
    public bool Untag(string kind, string subject, string tag)
    {
        var removed = 0;
        database.Write(writer => removed = writer.Execute(
            "DELETE FROM tag WHERE kind = @kind AND subject = @subject AND tag = @tag", new { kind, subject, tag }));
        return removed > 0;
    }

    /// <summary>Replaces the note of a subject; an empty text removes it.</summary>
    public void Note(string kind, string subject, string note) => database.Write(writer =>
    {
        writer.Execute("DELETE FROM note WHERE kind = @kind AND subject = @subject", new { kind, subject });
        if (note.Length > 0)
        {
            writer.Execute("INSERT INTO note (kind, subject, note) VALUES (@kind, @subject, @note)", new { kind, subject, note });
        }
    });

    /// <summary>Archives an experiment, or restores it from the archive.</summary>
    public void Archive(string experiment, bool archived) => database.Write(writer => writer.Execute(
        archived
            ? "INSERT INTO archived (experiment) VALUES (@experiment) ON CONFLICT DO NOTHING"
            : "DELETE FROM archived WHERE experiment = @experiment",
        new { experiment }));

    /// <summary>Replaces all annotations.</summary>
    public void Replace(Annotations annotations) => database.Write(writer =>
    {
        writer.Execute("DELETE FROM tag");
        writer.Execute("DELETE FROM note");
        writer.Execute("DELETE FROM archived");
        writer.Execute("INSERT INTO tag (kind, subject, tag) VALUES (@Kind, @Subject, @Text) ON CONFLICT DO NOTHING", annotations.Tags);
        writer.Execute("INSERT INTO note (kind, subject, note) VALUES (@Kind, @Subject, @Text) ON CONFLICT DO NOTHING", annotations.Notes);
        writer.Execute(
            "INSERT INTO archived (experiment) VALUES (@experiment) ON CONFLICT DO NOTHING",
            annotations.Archived.Select(experiment => new { experiment }));
    });
}
