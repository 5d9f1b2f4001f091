using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking.Reading;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking;

/// <summary>Everything that is read from the database. Each call sees one consistent state, also while a run writes.</summary>
public sealed class RunQueries(LabDatabase database)
{
    /// <summary>The current plan of an experiment with all its results, or null where there is none of this name or it has no arm.</summary>
    public ExperimentRecord? Experiment(string name) => Read(() => new Reading.ExperimentReader(database.Connection).Read(name));

    /// <summary>
    /// The same without curves, images, logs and the texts of files, which are most of a database's bytes: enough for the index, for comparisons
    /// and for everything that asks for names, options, states and measurements.
    /// </summary>
    public ExperimentRecord? Outline(string name) => Read(() => new Reading.ExperimentReader(database.Connection).Read(name, outline: true));

    /// <summary>All options of an arm as JSON, or null where there is no such arm.</summary>
    public string? Options(string experiment, string arm) =>
        Read(() => new Reading.ExperimentReader(database.Connection).Options(experiment, arm));

    /// <summary>The plan of an experiment with this number, with all its results, under the name `NAME@NUMBER`; null where there is none.</summary>
    public ExperimentRecord? Version(string name, int number) =>
        Read(() => new Reading.ExperimentReader(database.Connection).Read(name, number));

    /// <summary>All plans of an experiment with their outcomes, in the order in which they first ran.</summary>
    public IReadOnlyList<PlanVersion> Versions(string name) => Read(() => new Reading.ExperimentReader(database.Connection).Versions(name));

    /// <summary>The names of all experiments, in order.</summary>
    public IReadOnlyList<string> Names() => Read(() => new SummaryReader(database.Connection).Names());

    /// <summary>All experiments, by name.</summary>
    public IReadOnlyList<ExperimentSummary> Experiments() => Read(() => new SummaryReader(database.Connection).Read());

    /// <summary>Another text than before where what the database says of it may have changed; null where there is none of this name.</summary>
    public string? Stamp(string name) => Read(() => new StampReader(database.Connection).Of(name));

    /// <summary>Another number than before where anybody has written since; costs next to nothing. Of this connection only.</summary>
    public long Version() => Read(() => new StampReader(database.Connection).Version());

    /// <summary>Runs of current plans, or of one version, by experiment, arm and seed.</summary>
    public IReadOnlyList<RunListing> Runs(RunFilter? filter = null) =>
        Read(() => new RunDetails(database.Connection).Add(new RunReader(database.Connection).List(filter ?? new RunFilter()), filter?.Version));

    /// <summary>The one run whose id starts with these digits, in outline: without curves, images and logs.</summary>
    /// <exception cref="LabException">None does, or more than one.</exception>
    public RunDetail Show(string idPrefix) => Read(() => new RunReader(database.Connection).Show(idPrefix));

    /// <summary>What people wrote about experiments and runs.</summary>
    public Marks Marks() => Read(() => new MarkReader(database.Connection).Read());

    /// <summary>Name of an experiment → its tags.</summary>
    public ILookup<string, string> ExperimentTags() =>
        Marks().Tags.Where(tag => tag.Kind == Mark.Experiment).ToLookup(tag => tag.Subject, tag => tag.Text);

    /// <summary>Name and hash of every plan, current or not.</summary>
    public IReadOnlyList<(string Name, string Hash)> Plans() => Read(() => new PlanReader(database.Connection).Plans());

    /// <summary>Keys of the stages in the current plans of all experiments that are not archived.</summary>
    public IReadOnlyList<string> LiveStages() => Read(() => new PlanReader(database.Connection).LiveStages());

    /// <summary>The answer to one SQL statement that only reads.</summary>
    /// <exception cref="LabException">It is no such statement, or SQLite finds fault with it.</exception>
    public QueryResult Query(string sql, int limit = 1000) => new QueryRunner(database.Path).Run(sql, limit);

    private T Read<T>(Func<T> work)
    {
        lock (database.Gate)
        {
            // Several statements make one answer: a transaction keeps a writer from changing things between them.
            try
            {
                using var transaction = database.Connection.BeginTransaction(deferred: true);
                var answer = work();
                database.RequireUnchanged();
                return answer;
            }
            catch (SqliteException error) when (EnvironmentFault.Is(error))
            {
                throw new LabException($"the database {database.Path} cannot be read: {EnvironmentFault.Explain(error)}", error);
            }
        }
    }
}
