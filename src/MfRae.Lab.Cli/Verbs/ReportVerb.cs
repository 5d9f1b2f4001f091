using System.CommandLine;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`report`: renders reports from the database or from published data, or checks that existing reports are up to date.</summary>
internal sealed class ReportVerb
{
    private const string Database = "the database";
    private const string Data = "its data";

    private readonly Argument<string?> _experiment = new("EXPERIMENT")
    {
        Description = "The name or file of an experiment; all experiments by default",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _check = new("--check") { Description = "Write nothing; exit with 3 if a page is missing or differs from the database" };

    private readonly Option<bool> _publish = new("--publish")
    {
        Description = "Write the page and its data to REPORTS/published, from where they can be committed",
    };

    private readonly Option<string> _from = new("--from")
    {
        Description = "Render the page of a file of published data, into the same folder",
        HelpName = "FILE.json.gz",
    };

    private readonly Option<string> _against = new("--against")
    {
        Description = "Compare the experiment with this one on a page REPORTS/EXPERIMENT-vs-OTHER.html; either may be a file of published "
            + "data. Exit with 3 if values are not comparable",
        HelpName = "OTHER",
    };

    public static Command Create(LabContext lab) => new ReportVerb().Build(lab);

    private Verb Build(LabContext lab)
    {
        var command = new Verb("report", "Render HTML reports from the database", "ablation-lambda --against ablation-cmt")
        {
            _experiment, _check, _publish, _from, _against,
        };
        command.Validators.Add(result =>
        {
            var (publish, named) = (result.GetValue(_publish), result.GetValue(_experiment) is not null);
            if (publish && !named)
                result.AddError("--publish requires an experiment");
            if (result.GetValue(_from) is not null && (publish || named))
                result.AddError("--from reads the data from a file: it cannot be combined with an experiment or --publish");
            if (result.GetValue(_against) is not null && (publish || !named))
                result.AddError("--against requires an experiment, and cannot be combined with --publish");
        });
        command.SetAction(parsed =>
        {
            var context = lab.For(parsed);
            var (name, check) = (parsed.GetValue(_experiment), parsed.GetValue(_check));
            return parsed.GetValue(_against) is { } other ? ReportAgainst.Execute(context, name!, other, check)
                : parsed.GetValue(_from) is { } data ? Render(context, data, check)
                : parsed.GetValue(_publish) ? Publish(context, name!, check)
                : Execute(context, name, check);
        });
        return command;
    }

    /// <param name="experiment">A name or the path of its file; null: all experiments.</param>
    private static int Execute(LabContext lab, string? experiment, bool check)
    {
        if (!check)
            ClusterView.Refresh(lab, experiment);
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        var reports = new ReportPages(queries, lab.Paths);
        var pages = Records(lab, queries, experiment)
            .SelectMany(record => PageImages.Of(record, lab.Paths.Reports, lab.Paths.Store).Append((reports.File(record), ReportPages.Page(record))))
            .Concat(reports.Overviews())
            .ToList();
        return PageFiles.WriteOrCheck(lab, pages, check, Database);
    }

    private static int Publish(LabContext lab, string experiment, bool check)
    {
        using var database = lab.OpenDatabase();
        var record = PublishedRecord.WithoutPaths(Records(lab, new RunQueries(database), experiment).Single());
        var name = lab.Paths.PublishedName(record.Name);
        var page = ReportBuilder.Build(record);
        return PageFiles.WriteOrCheck(
            lab,
            [
                (name + ".html", Encoding.UTF8.GetBytes(page)),
                (name + RecordFile.Extension, RecordFile.Write(PublishedRecord.Of(record, page))),
                .. PageImages.Of(record, lab.Paths.Published, lab.Paths.Store),
            ],
            check,
            Database);
    }

    private static int Render(LabContext lab, string data, bool check)
    {
        var path = Path.GetFullPath(data, lab.WorkingDirectory);
        var folder = Path.GetDirectoryName(path)!;
        var record = RecordFile.Read(path);
        var page = Path.Combine(folder, Path.GetFileName(path).Replace(RecordFile.Extension, "") + ".html");
        return PageFiles.WriteOrCheck(
            lab, [.. PageImages.Of(record, folder, lab.Paths.Store), (page, ReportPages.Page(record))], check, Data);
    }

    private static List<ExperimentRecord> Records(LabContext lab, RunQueries queries, string? experiment)
    {
        if (experiment is not null)
            return [new NameResolver(queries).Experiment(experiment)];
        var all = queries.Names().Select(name => (Name: name, Record: queries.Experiment(name))).ToList();
        foreach (var (name, _) in all.Where(one => one.Record is null))
            lab.Terminal.Error.WriteLine(NameResolver.Unreadable(name));
        return [.. all.Select(one => one.Record).OfType<ExperimentRecord>()];
    }

    /// <summary>`report --against`: renders a page that compares two experiments or versions.</summary>
    private static class ReportAgainst
    {
        /// <param name="one">The name or file of an experiment, a version, or a file of published data; so is <paramref name="other"/>.</param>
        /// <returns>Without <paramref name="check"/>: 3 if a metric is not comparable; the page is written and gives the reason.</returns>
        /// <exception cref="LabException">The experiment, version or file does not exist.</exception>
        public static int Execute(LabContext lab, string one, string other, bool check)
        {
            var (first, second) = Records(lab, one, other);
            var compared = CrossComparison.Of(first.Record, second.Record);
            var page = Encoding.UTF8.GetBytes(ComparisonBuilder.Build(first.Record, second.Record, compared));
            var name = RecordedNames.Pair(first.Name, second.Name);
            if (RecordedNames.In(lab.Paths).FirstOrDefault(recorded => ArtifactName.SameFile.Equals(recorded, name)) is { } taken)
                throw new LabException($"{name}.html is the page of the experiment `{PrintableText.Of(taken)}`: remove or rename that experiment first");
            var code = PageFiles.WriteOrCheck(lab, [(lab.Paths.Report(name), page)], check, Data);
            return check ? code : Comparability.Report(lab.Terminal, compared);
        }

        private static ((string Name, ExperimentRecord Record) One, (string Name, ExperimentRecord Record) Other) Records(
            LabContext lab, string one, string other)
        {
            if (IsData(one) && IsData(other))
                return (FromFile(one), FromFile(other));
            using var database = lab.OpenDatabase();
            var names = new NameResolver(new RunQueries(database));
            return (Record(one), Record(other));

            (string, ExperimentRecord) Record(string text)
            {
                if (IsData(text))
                    return FromFile(text);
                var record = names.Version(text);
                return (record.Name, record);
            }

            (string, ExperimentRecord) FromFile(string text)
            {
                var path = Path.GetFullPath(text, lab.WorkingDirectory);
                return (Path.GetFileName(path)[..^RecordFile.Extension.Length], RecordFile.Read(path));
            }
        }

        private static bool IsData(string text) => text.EndsWith(RecordFile.Extension, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Writes rendered files, or compares them with the existing ones.</summary>
internal static class PageFiles
{
    /// <param name="source">The data that the pages are rendered from, in words.</param>
    /// <returns>3 if a checked page is missing or differs.</returns>
    public static int WriteOrCheck(LabContext lab, IReadOnlyList<(string File, byte[] Content)> pages, bool check, string source)
    {
        var (terminal, paths) = (lab.Terminal, lab.Paths);
        if (!check)
        {
            foreach (var (file, content) in pages)
            {
                var written = FileOutput.WriteIfChanged(file, content);
                terminal.Out.WriteLine($"{paths.Show(file)}{(written ? "" : " (unchanged)")}");
            }

            return ExitCode.Ok;
        }

        var wrong = pages.Where(page => !FileOutput.IsSame(page.File, page.Content)).ToList();
        foreach (var (file, _) in wrong)
            terminal.Error.WriteLine($"{paths.Show(file)} {(File.Exists(file) ? $"differs from {source}" : "is missing")}");
        terminal.Out.WriteLine($"{pages.Count - wrong.Count} of {pages.Count} pages match {source}");
        return wrong.Count == 0 ? ExitCode.Ok : ExitCode.Incomparable;
    }
}
