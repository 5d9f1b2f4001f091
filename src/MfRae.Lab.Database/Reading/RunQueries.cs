using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database.Reading;

/// <summary>Everything that is read from the database. Each call sees one consistent state, also while a run writes.</summary>
public sealed class RunQueries(LabDatabase database)
{
    /// <summary>The current plan of an experiment with all its results, or null where there is none of this name or it has no arm.</summary>
    public ExperimentRecord? Experiment(string name) => Read(() => new MfRae.Lab.Database.Reading.ExperimentRecordReader(database.Connection).Read(name));

    /// <summary>
    /// The same without curves, images, logs and the texts of files, which are most of a database's bytes: enough for the index, for comparisons
    /// and for everything that asks for names, options, states and measurements.
    /// </summary>
    public ExperimentRecord? Outline(string name) => Read(() => new MfRae.Lab.Database.Reading.ExperimentRecordReader(database.Connection).Read(name, outline: true));

    /// <summary>All options of an arm as JSON, or null where there is no such arm.</summary>
    public string? Options(string experiment, string arm) =>
        Read(() => new MfRae.Lab.Database.Reading.ExperimentRecordReader(database.Connection).Options(experiment, arm));

    /// <summary>The plan of an experiment with this number, with all its results, under the name `NAME@NUMBER`; null where there is none.</summary>
    public ExperimentRecord? Version(string name, int number) =>
        Read(() => new MfRae.Lab.Database.Reading.ExperimentRecordReader(database.Connection).Read(name, number));

    /// <summary>All plans of an experiment with their outcomes, in the order in which they first ran.</summary>
    public IReadOnlyList<PlanVersion> Versions(string name) => Read(() => new MfRae.Lab.Database.Reading.ExperimentRecordReader(database.Connection).Versions(name));

    /// <summary>The names of all experiments, in order.</summary>
    public IReadOnlyList<string> Names() => Read(() => new PlanReader(database.Connection).Names());

    /// <summary>Another text than before where what the database says of it may have changed; null where there is none of this name.</summary>
    public string? Stamp(string name) => Read(() => new StampReader(database.Connection).Of(name));

    /// <summary>Another number than before where anybody has written since; costs next to nothing. Of this connection only.</summary>
    public long Version() => Read(() => new StampReader(database.Connection).Version());

    /// <summary>Runs of current plans, or of one version, by experiment, arm and seed.</summary>
    public IReadOnlyList<RunListing> Runs(RunFilter? filter = null) =>
        Read(() => new RunListingDetails(database.Connection).Add(new RunReader(database.Connection).List(filter ?? new RunFilter()), filter?.Version));

    /// <summary>The one run whose id starts with these digits, in outline: without curves, images and logs.</summary>
    /// <exception cref="LabException">None does, or more than one.</exception>
    public RunDetail Show(string idPrefix) => Read(() => new RunReader(database.Connection).Show(idPrefix));

    /// <summary>What people wrote about experiments and runs.</summary>
    public Annotations Annotations() => Read(() => new AnnotationReader(database.Connection).Read());

    /// <summary>Name of an experiment → its tags.</summary>
    public ILookup<string, string> ExperimentTags() =>
        Annotations().Tags.Where(tag => tag.Kind == Annotation.Experiment).ToLookup(tag => tag.Subject, tag => tag.Text);

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

/// <summary>Runs a user's SQL on a connection of its own that cannot write.</summary>
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
            throw new LabException("the query is empty; for example: select arm, metric, mean, sd, n from arms");
        }

        if (raw.sqlite3_stmt_readonly(statement) == 0 || raw.sqlite3_column_count(statement) == 0)
        {
            throw new LabException(
                "the query would do more than read; only a statement that returns rows and changes nothing is allowed, such as select");
        }

        while (!string.IsNullOrWhiteSpace(rest))
        {
            using var next = Prepare(connection, rest, out rest);
            if (!next.IsInvalid)
            {
                throw new LabException("the query has more than one statement; give them one at a time");
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

/// <summary>The answer to a query.</summary>
/// <param name="Rows">Cells are long, double, string, byte[] or null.</param>
/// <param name="Truncated">There were more rows than were asked for.</param>
public sealed record QueryResult(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, bool Truncated);

/// <summary>Reads tags, notes and what is archived.</summary>
internal sealed class AnnotationReader(SqliteConnection connection)
{
    public Annotations Read() => new(
        1,
        connection.Query<Annotation>("SELECT kind, subject, tag AS text FROM tag ORDER BY kind, subject, tag").ToList(),
        connection.Query<Annotation>("SELECT kind, subject, note AS text FROM note ORDER BY kind, subject").ToList(),
        connection.Query<string>("SELECT experiment FROM archived ORDER BY experiment").ToList());
}
