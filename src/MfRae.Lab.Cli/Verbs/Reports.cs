using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The pages that the database stands for, by file.</summary>
public sealed class Reports(RunQueries queries, Places places)
{
    public string File(ExperimentRecord record) => places.Report(record.Name);

    public string IndexFile => places.Report("index");

    public static byte[] Page(ExperimentRecord record) => Encoding.UTF8.GetBytes(ReportBuilder.Build(record));

    public byte[] IndexPage()
    {
        var tags = queries.ExperimentTags();
        return Encoding.UTF8.GetBytes(IndexBuilder.Build(
        [
            .. queries.Experiments().Select(summary => queries.Experiment(summary.Name)).OfType<ExperimentRecord>()
                .Select(record => IndexEntry.Of(record, tags[record.Name])),
        ]));
    }

    /// <summary>Writes an experiment's page and the index, where their bytes differ from what is there.</summary>
    public void Write(ExperimentRecord record)
    {
        FileOutput.WriteIfChanged(File(record), Page(record));
        FileOutput.WriteIfChanged(IndexFile, IndexPage());
    }
}
