using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database.Reading;

/// <summary>All queries of the program. Each call sees one consistent state, even while a run writes.</summary>
public sealed class RunQueries(LabDatabase database)
{
    /// <summary>The current plan of an experiment with all its results, or null if the experiment does not exist or has no arm.</summary>
    public ExperimentRecord? Experiment(string name) => Read(() => new ExperimentRecordReader(database.Connection).Read(name));

    /// <summary>
    /// The same without curves, images, logs and the texts of files, which are most of a database's bytes. Enough for the index, for
    /// comparisons, and for names, options, states and measurements.
    /// </summary>
    public ExperimentRecord? Outline(string name) => Read(() => new ExperimentRecordReader(database.Connection).Read(name, outline: true));

    /// <summary>All options of an arm as JSON, or null if the arm does not exist.</summary>
    public string? Options(string experiment, string arm) =>
        Read(() => new ExperimentRecordReader(database.Connection).Options(experiment, arm));

    /// <summary>The plan with a number, with all its results, under the name `NAME@NUMBER`, or null if it does not exist.</summary>
    public ExperimentRecord? Version(string name, int number) =>
        Read(() => new ExperimentRecordReader(database.Connection).Read(name, number));

    /// <summary>All plans of an experiment with their outcomes, in the order of their first runs.</summary>
    public IReadOnlyList<PlanVersion> Versions(string name) => Read(() => new ExperimentRecordReader(database.Connection).Versions(name));

    /// <summary>The names of all experiments, sorted.</summary>
    public IReadOnlyList<string> Names() => Read(() => new PlanReader(database.Connection).Names());

    /// <summary>A string that changes when the data of an experiment may have changed, or null if the experiment does not exist.</summary>
    public string? Stamp(string name) => Read(() => new StampReader(database.Connection).Of(name));

    /// <summary>A number that changes when another connection writes. Cheap; comparable only within this connection.</summary>
    public long Version() => Read(() => new StampReader(database.Connection).Version());

    /// <summary>Runs of current plans or of one version, ordered by experiment, arm and seed.</summary>
    public IReadOnlyList<RunListing> Runs(RunFilter? filter = null) =>
        Read(() => new RunListingDetails(database.Connection).Add(new RunReader(database.Connection).List(filter ?? new RunFilter()), filter?.Version));

    /// <summary>The run whose id starts with the given digits, without curves, images and logs.</summary>
    /// <exception cref="LabException">No id starts with the digits, or several ids do.</exception>
    public RunDetail Show(string idPrefix) => Read(() => new RunReader(database.Connection).Show(idPrefix));

    /// <summary>Tags and notes of experiments and runs, and the archived experiments.</summary>
    public Annotations Annotations() => Read(() => new AnnotationReader(database.Connection).Read());

    /// <summary>The tags of experiments, by name.</summary>
    public ILookup<string, string> ExperimentTags() =>
        Annotations().Tags.Where(tag => tag.Kind == Annotation.Experiment).ToLookup(tag => tag.Subject, tag => tag.Text);

    /// <summary>Name and hash of every plan, including plans that are not current.</summary>
    public IReadOnlyList<(string Name, string Hash)> Plans() => Read(() => new PlanReader(database.Connection).Plans());

    /// <summary>The keys of the stages in the current plans of all experiments that are not archived.</summary>
    public IReadOnlyList<string> LiveStages() => Read(() => new PlanReader(database.Connection).LiveStages());

    /// <summary>The times of completed stages on a machine, for predictions.</summary>
    /// <param name="processor">Model and number of logical processors.</param>
    /// <param name="threads">The number of threads of a worker.</param>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    public StageTimes StageTimes(string processor, int threads, string device) =>
        Read(() => new StageTimeReader(database.Connection).Read(processor, threads, device));

    /// <summary>The stages of the current plan of an experiment, inputs before users, with the names of their states.</summary>
    public IReadOnlyList<(PlannedStage Stage, string Status)> StageStates(string experiment) =>
        Read(() => new PlanReader(database.Connection).States(experiment));

    /// <summary>The times of earlier stages on all machines, such as the nodes of a cluster.</summary>
    public StageTimes StageTimes() => Read(() => new StageTimeReader(database.Connection).ReadAll());

    /// <summary>The keys of the stages with a completed attempt.</summary>
    public IReadOnlySet<string> CompletedAttempts() =>
        Read(() => database.Connection.Query<string>("SELECT DISTINCT stage FROM attempt WHERE status = 'completed'").ToHashSet());

    /// <summary>Runs one read-only SQL statement.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="limit">The largest number of rows to return.</param>
    /// <exception cref="LabException">The text is not a single read-only statement, or SQLite reports an error.</exception>
    public QueryResult Query(string sql, int limit = 1000) => new QueryRunner(database.Path).Run(sql, limit);

    private T Read<T>(Func<T> work)
    {
        lock (database.Gate)
        {
            // A transaction, because an answer may need several statements and another process may write between them.
            try
            {
                using var transaction = database.Connection.BeginTransaction(deferred: true);
                var answer = work();
                database.RequireUnchanged();
                return answer;
            }
            catch (SqliteException error) when (EnvironmentFault.Is(error))
            {
                throw new LabException($"{database.Path}: cannot read the database: {EnvironmentFault.Explain(error)}", error);
            }
        }
    }
}

/// <summary>Runs a user's SQL on a separate read-only connection.</summary>
internal sealed class QueryRunner(string path)
{
    public QueryResult Run(string sql, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        using var database = LabDatabase.OpenReadOnly(path);
        RequireOneReadingStatement(database.Connection, sql);
        try
        {
            using var command = database.Connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
            var rows = new List<IReadOnlyList<object?>>();
            while (reader.Read())
            {
                if (rows.Count == limit)
                {
                    return new QueryResult(columns, rows, Truncated: true);
                }

                rows.Add(Enumerable.Range(0, columns.Count).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i)).ToList());
            }

            database.RequireUnchanged();
            return new QueryResult(columns, rows, Truncated: false);
        }
        catch (SqliteException error)
        {
            throw new LabException($"SQLite: {raw.sqlite3_errmsg(database.Connection.Handle).utf8_to_string()}", error);
        }
    }

    private static void RequireOneReadingStatement(SqliteConnection connection, string sql)
    {
        using var statement = Prepare(connection, sql, out var rest);
        if (statement.IsInvalid)
        {
            throw new LabException("the query is empty. Example: select arm, metric, mean, sd, n from arms");
        }

        if (raw.sqlite3_stmt_readonly(statement) == 0 || raw.sqlite3_column_count(statement) == 0)
        {
            throw new LabException(
                "the query is not read-only. Use a statement that returns rows and changes nothing, such as select.");
        }

        while (!string.IsNullOrWhiteSpace(rest))
        {
            using var next = Prepare(connection, rest, out rest);
            if (!next.IsInvalid)
            {
                throw new LabException("the query has more than one statement. Run one statement at a time.");
            }
        }
    }

    private static sqlite3_stmt Prepare(SqliteConnection connection, string sql, out string rest)
    {
        if (raw.sqlite3_prepare_v2(connection.Handle!, sql, out var statement, out rest) == raw.SQLITE_OK)
        {
            return statement;
        }

        var message = raw.sqlite3_errmsg(connection.Handle!).utf8_to_string();
        var views = message.StartsWith("no such table", StringComparison.Ordinal)
            ? $"; the views are {string.Join(", ", Views(connection))}"
            : "";
        throw new LabException($"SQLite: {message}{views}");
    }

    private static List<string> Views(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name";
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }
}

/// <summary>The result of a query.</summary>
/// <param name="Columns">The names of the columns.</param>
/// <param name="Rows">The rows; a cell is a long, a double, a string, a byte array or null.</param>
/// <param name="Truncated">Whether the result has more rows than the limit.</param>
public sealed record QueryResult(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, bool Truncated);

/// <summary>Reads tags, notes and the names of archived experiments.</summary>
internal sealed class AnnotationReader(SqliteConnection connection)
{
    public Annotations Read() => new(
        1,
        connection.Query<Annotation>("SELECT kind, subject, tag AS text FROM tag ORDER BY kind, subject, tag").ToList(),
        connection.Query<Annotation>("SELECT kind, subject, note AS text FROM note ORDER BY kind, subject").ToList(),
        connection.Query<string>("SELECT experiment FROM archived ORDER BY experiment").ToList());
}
