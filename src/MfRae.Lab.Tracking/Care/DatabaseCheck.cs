using Dapper;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Tracking.Migrations;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Care;

/// <summary>Looks through a whole database file: its pages, its references, its schema.</summary>
public static class DatabaseCheck
{
    private const int MostProblems = 20;

    /// <summary>What is wrong with the file is in the answer; only a file that is not there is an error.</summary>
    /// <exception cref="LabException">There is no such file, or it lies on a network file system.</exception>
    public static DatabaseHealth Of(string path)
    {
        if (!File.Exists(path))
        {
            throw new LabException($"there is no database at {Path.GetFullPath(path)}");
        }

        NetworkFileSystem.Refuse(path);
        long? version = null;
        var problems = new List<string>();
        try
        {
            using var connection = LabDatabase.Connect(path, SqliteOpenMode.ReadOnly);
            version = Schema.Version(connection);
            if (connection.ExecuteScalar<long>("PRAGMA application_id") != Schema.ApplicationId)
            {
                problems.Add("it is a SQLite database of another program");
                return new(version, Schema.Latest, problems);
            }

            problems.AddRange(connection.Query<string>($"PRAGMA integrity_check({MostProblems})").Where(line => line != "ok"));
            problems.AddRange(connection
                .Query<(string Table, string Parent, long Rows)>(
                    "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2")
                .Select(lost => $"{(lost.Rows == 1 ? "a row" : $"{lost.Rows} rows")} of {lost.Table}: the row of {lost.Parent} that is named there "
                    + "is missing"));
            if (version > Schema.Latest)
            {
                problems.Add($"it has schema {version}; this program knows {Schema.Latest}: update the program");
            }
        }
        catch (SqliteException error)
        {
            problems.Add(EnvironmentFault.Explain(error));
        }

        return new(version, Schema.Latest, problems);
    }

    /// <summary>
    /// Experiments of a whole file that are listed, and that no query finds or that hold nothing, each in a sentence. The file can be
    /// copied and rebuilt all the same.
    /// </summary>
    public static IReadOnlyList<string> Unreadable(string path)
    {
        using var connection = LabDatabase.Connect(path, SqliteOpenMode.ReadOnly);
        return
        [
            .. connection.Query<string>("SELECT DISTINCT name FROM experiment ORDER BY name")
                .Where(name => connection.ExecuteScalar<long>("SELECT count(*) FROM experiment WHERE name = @name", new { name }) == 0)
                .Select(name => $"the name of the experiment `{name}` is not valid UTF-8, so that no query finds it"),
            .. connection.Query<string>(
                    "SELECT name FROM experiment e WHERE NOT EXISTS (SELECT 1 FROM arm WHERE arm.experiment = e.id) ORDER BY name")
                .Select(name => $"a plan of the experiment `{name}` has no arm"),
        ];
    }
}
