using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Renders reports from the database, or checks that those which are there are what the database says.</summary>
public sealed class ReportVerb(Terminal terminal, LabPaths places)
{
    /// <param name="experiment">A name or the path of its file; null: all.</param>
    public int Execute(string? experiment, bool check)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var reports = new ReportPages(queries, places);
        var pages = Records(queries, experiment)
            .SelectMany(record => PageImages.Of(record, places.Reports, places.Store).Append((reports.File(record), ReportPages.Page(record))))
            .Select(file => (File: file.Item1, Page: file.Item2))
            .Append((File: reports.IndexFile, Page: reports.IndexPage()))
            .ToList();
        return check ? Check(pages, "the database says") : Write(pages);
    }

    /// <summary>Puts a page with its data beside it where it can be committed.</summary>
    /// <param name="experiment">A name or the path of its file.</param>
    public int Publish(string experiment, bool check)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var record = Records(new RunQueries(database), experiment).Single();
        var name = places.PublishedName(record.Name);
        var page = ReportBuilder.Build(record);
        List<(string, byte[])> files =
        [
            (name + ".html", Encoding.UTF8.GetBytes(page)),
            (name + RecordFile.Extension, RecordFile.Write(PublishedRecord.Of(record, page))),
            .. PageImages.Of(record, places.Published, places.Store),
        ];
        return check ? Check(files, "the database says") : Write(files);
    }

    /// <summary>Renders the page of a file of data beside it.</summary>
    public int Render(string data, bool check)
    {
        var path = Path.GetFullPath(data, places.WorkingDirectory);
        var record = RecordFile.Read(path);
        var page = Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileName(path).Replace(RecordFile.Extension, "") + ".html");
        List<(string, byte[])> files = [.. PageImages.Of(record, Path.GetDirectoryName(page)!, places.Store), (page, ReportPages.Page(record))];
        return check ? Check(files, "its data says") : Write(files);
    }

    private List<ExperimentRecord> Records(RunQueries queries, string? experiment)
    {
        if (experiment is not null)
            return [new NameResolver(queries).Experiment(experiment)];
        var all = queries.Names().Select(name => (Name: name, Record: queries.Experiment(name))).ToList();
        foreach (var (name, _) in all.Where(one => one.Record is null))
            terminal.Error.WriteLine(NameResolver.Unreadable(name));
        return [.. all.Select(one => one.Record).OfType<ExperimentRecord>()];
    }

    private int Write(List<(string File, byte[] Page)> pages) => new PageFiles(terminal, places).Write(pages);

    private int Check(List<(string File, byte[] Page)> pages, string what) => new PageFiles(terminal, places).Check(pages, what);
}

/// <summary>Renders a page of two experiments side by side, or of one as it was run at two times.</summary>
public sealed class ReportAgainstVerb(Terminal terminal, LabPaths places)
{
    /// <param name="one">An experiment's name or file, or a file of published data; so is <paramref name="other"/>.</param>
    /// <param name="check">Write nothing, and say whether the page that is there is the same.</param>
    /// <returns>3 where a metric is not comparable: the page is written all the same, and says why. Of a check, whether the page is the same.</returns>
    /// <exception cref="LabException">One of them is neither.</exception>
    public int Execute(string one, string other, bool check)
    {
        var (first, second) = Records(one, other);
        var compared = CrossComparison.Of(first.Record, second.Record);
        var page = Encoding.UTF8.GetBytes(ComparisonBuilder.Build(first.Record, second.Record, compared));
        var files = new PageFiles(terminal, places);
        var name = RecordedNames.Pair(first.Name, second.Name);
        if (RecordedNames.In(places).FirstOrDefault(recorded => ArtifactName.SameFile.Equals(recorded, name)) is { } taken)
            throw new LabException($"{name}.html is the page of the recorded experiment `{PrintableText.Of(taken)}`: remove or rename that experiment first");
        (string, byte[])[] pages = [(places.Report(name), page)];
        if (check)
            return files.Check(pages, "its data says");
        files.Write(pages);
        return Comparability.Tell(terminal, compared);
    }

    private ((string Name, ExperimentRecord Record) One, (string Name, ExperimentRecord Record) Other) Records(string one, string other)
    {
        if (IsData(one) && IsData(other))
            return (Data(one), Data(other));
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var subjects = new NameResolver(new RunQueries(database));
        return (Record(one), Record(other));

        (string, ExperimentRecord) Record(string text)
        {
            if (IsData(text))
                return Data(text);
            var record = subjects.Version(text);
            return (record.Name, record);
        }
    }

    private static bool IsData(string text) => text.EndsWith(RecordFile.Extension, StringComparison.OrdinalIgnoreCase);

    private (string Name, ExperimentRecord Record) Data(string text)
    {
        var path = Path.GetFullPath(text, places.WorkingDirectory);
        return (Path.GetFileName(path)[..^RecordFile.Extension.Length], RecordFile.Read(path));
    }
}

/// <summary>Writes rendered files, or says whether those that are there are the same.</summary>
internal sealed class PageFiles(Terminal terminal, LabPaths places)
{
    public int Write(IReadOnlyList<(string File, byte[] Page)> pages)
    {
        foreach (var (file, page) in pages)
        {
            var written = FileOutput.WriteIfChanged(file, page);
            terminal.Out.WriteLine($"{places.Show(file)}{(written ? "" : " (unchanged)")}");
        }

        return ExitCode.Ok;
    }

    /// <param name="what">What they should be what it says: `the database says`.</param>
    public int Check(IReadOnlyList<(string File, byte[] Page)> pages, string what)
    {
        var wrong = pages.Where(page => !FileOutput.IsSame(page.File, page.Page)).ToList();
        foreach (var (file, _) in wrong)
            terminal.Error.WriteLine($"{places.Show(file)} {(File.Exists(file) ? $"is not what {what}" : "is missing")}");
        terminal.Out.WriteLine($"{pages.Count - wrong.Count} of {pages.Count} pages are what {what}");
        return wrong.Count == 0 ? ExitCode.Ok : ExitCode.Incomparable;
    }
}
