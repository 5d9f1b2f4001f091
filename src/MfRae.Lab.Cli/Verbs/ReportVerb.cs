using System.Text;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Renders reports from the database, or checks that those which are there are what the database says.</summary>
public sealed class ReportVerb(Terminal terminal, Places places)
{
    /// <param name="experiment">A name or the path of its file; null: all.</param>
    public int Execute(string? experiment, bool check)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var reports = new Reports(queries, places);
        var pages = Records(queries, experiment)
            .SelectMany(record => PageImages.Of(record, places.Reports, places.Store).Append((reports.File(record), Reports.Page(record))))
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
        List<(string, byte[])> files = [.. PageImages.Of(record, Path.GetDirectoryName(page)!, places.Store), (page, Reports.Page(record))];
        return check ? Check(files, "its data says") : Write(files);
    }

    private List<ExperimentRecord> Records(RunQueries queries, string? experiment)
    {
        if (experiment is not null)
            return [new Subjects(queries).Experiment(experiment)];
        var all = queries.Names().Select(name => (Name: name, Record: queries.Experiment(name))).ToList();
        foreach (var (name, _) in all.Where(one => one.Record is null))
            terminal.Error.WriteLine(Subjects.Unreadable(name));
        return [.. all.Select(one => one.Record).OfType<ExperimentRecord>()];
    }

    private int Write(List<(string File, byte[] Page)> pages) => new PageFiles(terminal, places).Write(pages);

    private int Check(List<(string File, byte[] Page)> pages, string what) => new PageFiles(terminal, places).Check(pages, what);
}
