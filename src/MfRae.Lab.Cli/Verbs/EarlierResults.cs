using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Reads what earlier experiments say about the next.</summary>
internal static class EarlierResults
{
    /// <summary>The spread of a metric in earlier experiments; null without a database or without such results.</summary>
    public static EarlierSpread? Spread(LabPaths paths, string metric)
    {
        try
        {
            if (!File.Exists(paths.Database))
            {
                return null;
            }

            using var database = LabDatabase.OpenReadOnly(paths.Database);
            var queries = new RunQueries(database);
            return EarlierSpread.Of(queries.Names().Select(queries.Outline).OfType<ExperimentRecord>(), metric);
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return null;
        }
    }
}
