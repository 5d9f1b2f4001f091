using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Migrations;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>Looks through a whole database file: its pages, its references, its schema.</summary>
public static class DatabaseCheck
{
    private const int MostProblems = 20;

    /// <summary>What is wrong with the file is in the answer; a file that is not there or cannot be read here is an error.</summary>
    /// <exception cref="LabException">There is no such file, it lies on a network file system, or this user cannot read it.</exception>
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
            using var connection = ReadableDatabase.Connect(path, out _);
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
        catch (SqliteException error) when (error.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_BUSY)
        {
            // That says nothing about the file: nobody should rebuild it for that.
            throw EnvironmentFault.Of(error, $"the database {path} cannot be checked");
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
        using var connection = ReadableDatabase.Connect(path, out _);
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

/// <summary>What checking a database found.</summary>
/// <param name="Schema">Version of its schema, or null where that could not be read.</param>
/// <param name="Newest">The version that this program knows.</param>
/// <param name="Problems">What is wrong, a sentence each; empty where all is well.</param>
public sealed record DatabaseHealth(long? Schema, long Newest, IReadOnlyList<string> Problems);

/// <summary>Copies a database while it is in use.</summary>
public static class DatabaseBackup
{
    /// <summary>
    /// Writes a copy of one consistent state, whole or not at all: aside first, checked, then renamed. It is one file without a
    /// write-ahead log.
    /// </summary>
    /// <exception cref="LabException">There is a file of that name, or one of the two cannot be read or written.</exception>
    public static void Write(LabDatabase database, string target)
    {
        var full = Path.GetFullPath(target);
        if (File.Exists(full) || Directory.Exists(full))
        {
            throw new LabException($"{full} exists; give a name that is free");
        }

        var aside = full + ".aside";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.Delete(aside);
            using (var copy = LabDatabase.Connect(aside, SqliteOpenMode.ReadWriteCreate))
            {
                lock (database.Gate)
                {
                    database.Connection.BackupDatabase(copy);
                }

                copy.Execute("PRAGMA journal_mode = DELETE");
            }

            if (DatabaseCheck.Of(aside).Problems is [var problem, ..])
            {
                throw new LabException($"the copy of {database.Path} is not whole: {problem}");
            }

            File.Move(aside, full);
        }
        catch (SqliteException error)
        {
            throw new LabException($"{database.Path} cannot be copied to {full}: {EnvironmentFault.Explain(error)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{full} cannot be written: {error.Message}", error);
        }
        finally
        {
            File.Delete(aside);
        }
    }
}
