using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Puts the arms of two experiments side by side, metric by metric, where their values may be compared.</summary>
public sealed class CompareVerb(Terminal terminal, Places places)
{
    /// <param name="metric">Only this one, by its key; null: all that both have.</param>
    /// <returns>3 where a metric is not comparable, after all fields that differ were told.</returns>
    public int Execute(string one, string other, string? metric, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var subjects = new Subjects(new RunQueries(database));
        var (first, second) = (subjects.Version(one), subjects.Version(other));
        var compared = CrossComparison.Of(first, second);
        if (metric is not null)
        {
            var keys = compared.Select(comparison => comparison.Metric).ToList();
            compared = keys.Contains(metric)
                ? [.. compared.Where(comparison => comparison.Metric == metric)]
                : throw new LabException(
                    $"`{PrintableText.Of(metric)}` is not measured in both experiments; {Subjects.Near(metric, keys)}");
        }

        (json ? terminal.Out : terminal.Text).Write(json
            ? ComparisonOutput.Json(first.Name, second.Name, compared)
            : ComparisonOutput.Text(first.Name, second.Name, compared));
        return Comparability.Tell(terminal, compared);
    }
}
