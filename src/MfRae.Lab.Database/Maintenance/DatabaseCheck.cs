using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Migrations;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>Checks a whole database file: its pages, references and schema.</summary>
public static class DatabaseCheck
{
    private const int MostProblems = 20;

    /// <summary>Checks a database. The answer lists what is wrong with the file; a missing or unreadable file is an error.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="LabException">The file does not exist, is on a network file system, or cannot be read.</exception>
    public static DatabaseHealth Of(string path)
    {
        if (!File.Exists(path))
        {
            throw new LabException($"{Path.GetFullPath(path)}: database not found");
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
                problems.Add("the file is a SQLite database of another program");
                return new(version, Schema.Latest, problems);
            }

            problems.AddRange(connection.Query<string>($"PRAGMA integrity_check({MostProblems})").Where(line => line != "ok"));
            problems.AddRange(connection
                .Query<(string Table, string Parent, long Rows)>(
                    "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2")
                .Select(lost => $"{(lost.Rows == 1 ? "a row" : $"{lost.Rows} rows")} of {lost.Table}: the referenced row of {lost.Parent} "
                    + "is missing"));
            if (version > Schema.Latest)
            {
                problems.Add($"the schema is {version}; this program knows {Schema.Latest}: update the program");
            }
        }
        catch (SqliteException error) when (error.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_BUSY)
        {
            // This says nothing about the file, so the user must not be led to rebuild it.
            throw EnvironmentFault.Of(error, $"{path}: cannot check the database");
        }
        catch (SqliteException error)
        {
            problems.Add(EnvironmentFault.Explain(error));
        }

        return new(version, Schema.Latest, problems);
    }

    /// <summary>
    /// Sentences about experiments of an intact file that are listed although no query finds them or they are empty. The file can still be
    /// copied and rebuilt.
    /// </summary>
    public static IReadOnlyList<string> Unreadable(string path)
    {
        using var connection = ReadableDatabase.Connect(path, out _);
        return
        [
            .. connection.Query<string>("SELECT DISTINCT name FROM experiment ORDER BY name")
                .Where(name => connection.ExecuteScalar<long>("SELECT count(*) FROM experiment WHERE name = @name", new { name }) == 0)
                .Select(name => $"the name of the experiment `{name}` is not valid UTF-8, so no query finds it"),
            .. connection.Query<string>(
                    "SELECT name FROM experiment e WHERE NOT EXISTS (SELECT 1 FROM arm WHERE arm.experiment = e.id) ORDER BY name")
                .Select(name => $"a plan of the experiment `{name}` has no arm"),
        ];
    }
}

/// <summary>The result of checking a database.</summary>
/// <param name="Schema">The version of its schema, or null if it could not be read.</param>
/// <param name="Newest">The newest version that this program knows.</param>
/// <param name="Problems">A sentence for each problem; empty if the database is intact.</param>
public sealed record DatabaseHealth(long? Schema, long Newest, IReadOnlyList<string> Problems);

/// <summary>Copies a database that may be in use.</summary>
public static class DatabaseBackup
{
    /// <summary>
    /// Copies one consistent state into a single file without a write-ahead log. The copy is written under a temporary name, checked, and
    /// then renamed.
    /// </summary>
    /// <exception cref="LabException">The target exists, or one of the files cannot be read or written.</exception>
    public static void Write(LabDatabase database, string target)
    {
        var full = Path.GetFullPath(target);
        if (File.Exists(full) || Directory.Exists(full))
        {
            throw new LabException($"{full} already exists. Give another name.");
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
                throw new LabException($"{database.Path}: the copy is damaged: {problem}");
            }

            File.Move(aside, full);
        }
        catch (SqliteException error)
        {
            throw new LabException($"{database.Path}: cannot copy the database to {full}: {EnvironmentFault.Explain(error)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{full}: cannot write the file: {error.Message}", error);
        }
        finally
        {
            File.Delete(aside);
        }
    }
}
