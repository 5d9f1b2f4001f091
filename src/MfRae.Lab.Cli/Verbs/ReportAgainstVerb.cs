using System.Text;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Reporting;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Renders a page of two experiments side by side, or of one as it was run at two times.</summary>
public sealed class ReportAgainstVerb(Terminal terminal, Places places)
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
        var subjects = new Subjects(new RunQueries(database));
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
