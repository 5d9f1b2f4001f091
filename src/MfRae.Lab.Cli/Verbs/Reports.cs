using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The pages that the database stands for, by file.</summary>
public sealed class Reports(RunQueries queries, Places places)
{
    public string File(ExperimentRecord record) => places.Report(record.Name);

    public string IndexFile => places.Index;

    public static byte[] Page(ExperimentRecord record) => Encoding.UTF8.GetBytes(ReportBuilder.Build(record));

    public byte[] IndexPage()
    {
        var tags = queries.ExperimentTags();
        var entries = queries.Names().Select(name => (Name: name, Entry: queries.Outline(name) is { } record ? IndexEntry.Of(record, tags[name]) : null))
            .ToList();
        return Encoding.UTF8.GetBytes(IndexBuilder.Build(
            [.. entries.Select(one => one.Entry).OfType<IndexEntry>()], [.. entries.Where(one => one.Entry is null).Select(one => one.Name)]));
    }

    /// <summary>What the database says of each experiment by now, see <see cref="RunQueries.Stamp"/>.</summary>
    /// <param name="but">Left out: <see cref="Update"/> is given its record, and writes its page whether that says anything new or not.</param>
    public IReadOnlySet<(string Name, string? Stamp)> State(string? but = null) =>
        queries.Names().Where(name => name != but).Select(name => (name, queries.Stamp(name))).ToHashSet();

    /// <summary>
    /// Writes the pages of experiments of which the database says something else than before, and the index, each where its bytes differ
    /// from what is there. Experiments share stages: what a run of one computes may stand in the pages of others. A name that cannot be
    /// that of a file has no page.
    /// </summary>
    /// <param name="own">Has been read already, and is written in any case.</param>
    public void Update(IReadOnlySet<(string Name, string? Stamp)> before, ExperimentRecord? own = null)
    {
        if (own is not null)
            Write(own);
        foreach (var (name, _) in State(but: own?.Name).Where(now => !before.Contains(now) && ArtifactName.IsExperiment(now.Name)))
        {
            if (queries.Experiment(name) is { } changed)
                Write(changed);
        }

        WriteIndex();
    }

    private void Write(ExperimentRecord record)
    {
        PageImages.Write(record, File(record), places.Store);
        FileOutput.WriteIfChanged(File(record), Page(record));
    }

    public void WriteIndex() => FileOutput.WriteIfChanged(IndexFile, IndexPage());
}
