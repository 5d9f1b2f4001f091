using MfRae.Lab.Core.Experiments;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Tracking.Reading;

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
