using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Migrations;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Running;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database;

/// <summary>An open results database. It can always be rebuilt from the journals in the store (docs/database.md).</summary>
public sealed class LabDatabase : IDisposable
{
    internal const int BusySeconds = 10;

    private readonly (long Length, DateTime Written)? _opened;

    private LabDatabase(
        string path, SqliteConnection connection, string? notice, bool readOnly, (long Length, DateTime Written)? opened = null)
    {
        _opened = opened;
        Path = path;
        Connection = connection;
        Notice = notice;
        IsReadOnly = readOnly;
    }

    /// <summary>The path of the file, as given by the caller.</summary>
    public string Path { get; }

    /// <summary>Whether writes are refused: the database was opened for reading, or its schema is newer than this program.</summary>
    public bool IsReadOnly { get; }

    /// <summary>A message for the user about the state of the database, or null.</summary>
    public string? Notice { get; }

    internal SqliteConnection Connection { get; }

    /// <summary>The lock of the connection, which serves one thread at a time.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Opens a database for the coordinator and creates the file and its folder if they do not exist.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="LabException">The file is not a results database, is on a network file system, or cannot be opened.</exception>
    public static LabDatabase OpenOrCreate(string path)
    {
        NetworkFileSystem.Refuse(path);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot create the folder of the database: {error.Message}", error);
        }

        return Open(path, SqliteOpenMode.ReadWriteCreate);
    }

    /// <summary>Opens an existing database for changes. A missing file is an error.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="LabException">As for <see cref="OpenOrCreate"/>, or the file does not exist.</exception>
    public static LabDatabase OpenExisting(string path)
    {
        RequireFile(path);
        NetworkFileSystem.Refuse(path);
        return Open(path, SqliteOpenMode.ReadWrite);
    }

    /// <summary>
    /// Opens a database for queries and reports. This works while another process writes, on a read-only file system, and in another
    /// user's folder.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="LabException">As for <see cref="OpenExisting"/>, or the schema is too old to be read without a migration.</exception>
    public static LabDatabase OpenReadOnly(string path)
    {
        RequireFile(path);
        NetworkFileSystem.Refuse(path);
        return Open(path, SqliteOpenMode.ReadOnly);
    }

    /// <summary>Closes the database.</summary>
    public void Dispose() => Connection.Dispose();

    /// <summary>Runs one transaction.</summary>
    /// <exception cref="LabException">The database is read-only, or the machine prevents the write.</exception>
    /// <exception cref="StoreLockedException">Another process has locked the database.</exception>
    internal void Write(Action<Writer> work)
    {
        if (IsReadOnly)
        {
            throw new LabException(Notice ?? $"{Path}: the database was opened for reading only");
        }

        lock (Gate)
        {
            try
            {
                using var transaction = Connection.BeginTransaction(deferred: false);
                work(new Writer(Connection, transaction));
                transaction.Commit();
            }
            catch (SqliteException error) when (EnvironmentFault.Is(error))
            {
                throw EnvironmentFault.Of(error, $"{Path}: cannot write to the database");
            }
        }
    }

    /// <summary>Checks that nobody has changed a database that was opened without locks.</summary>
    /// <exception cref="LabException">The file has changed, so what was read may be inconsistent.</exception>
    internal void RequireUnchanged()
    {
        if (_opened is { } then && !ReadableDatabase.IsUnchanged(Path, then))
        {
            throw new LabException($"{Path}: the database changed while it was read without locks. Run the same command again.");
        }
    }

    private static void RequireFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new LabException(
                $"{System.IO.Path.GetFullPath(path)}: database not found. Run an experiment to create it, or give the path of another database "
                    + "with --db.");
        }
    }

    private static LabDatabase Open(string path, SqliteOpenMode mode)
    {
        SqliteConnection? connection = null;
        try
        {
            (long Length, DateTime Written)? opened = null;
            connection = mode == SqliteOpenMode.ReadOnly ? ReadableDatabase.Connect(path, out opened) : Connect(path, mode);
            RefuseForeign(path, connection);
            var version = Schema.Version(connection);
            if (version > Schema.Latest)
            {
                var notice = $"{path} has schema {version}; this program knows {Schema.Latest}. The database is read-only until you update "
                    + "the program.";
                connection.Dispose();
                connection = ReadableDatabase.Connect(path, out opened);
                connection.Execute("PRAGMA query_only = ON");
                return new LabDatabase(path, connection, notice, readOnly: true, opened);
            }

            if (mode == SqliteOpenMode.ReadOnly)
            {
                if (version < Schema.Latest)
                {
                    throw new LabException($"{path} has the older schema {version}; this program reads {Schema.Latest}. Run an experiment to "
                        + "update the database.");
                }

                connection.Execute("PRAGMA query_only = ON");
                return new LabDatabase(path, connection, notice: null, readOnly: true, opened);
            }

            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
            Schema.Migrate(connection);
            return new LabDatabase(path, connection, notice: null, readOnly: false);
        }
        catch (SqliteException error)
        {
            connection?.Dispose();
            throw error.SqliteErrorCode == raw.SQLITE_CANTOPEN && mode != SqliteOpenMode.ReadOnly && File.Exists(path)
                ? new LabException($"{path}: cannot open the database: you have no permission to write to it or its folder", error)
                : EnvironmentFault.Of(error, $"{path}: cannot open the database");
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    internal static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        // No pooling: closing the last connection merges the write-ahead log into the file.
        var address = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = BusySeconds };
        var connection = new SqliteConnection(address.ConnectionString);
        connection.Open();
        connection.Execute($"PRAGMA busy_timeout = {BusySeconds * 1000}; PRAGMA mmap_size = 0;");
        return connection;
    }

    private static void RefuseForeign(string path, SqliteConnection connection)
    {
        var ours = connection.ExecuteScalar<long>("PRAGMA application_id") == Schema.ApplicationId;
        if (!ours && connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw new LabException($"{path} is a SQLite database of another program. Give the path of a results database, or of a "
                + "file that does not exist.");
        }
    }
}

/// <summary>Distinguishes errors that the machine causes, such as a full disk, from bugs, such as a violated constraint.</summary>
internal static class EnvironmentFault
{
    public static bool Is(SqliteException error) => Known(error) is not null;

    /// <summary>The exception to throw instead of a SQLite error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="what">The action that failed, with the path of the database.</param>
    public static Exception Of(SqliteException error, string what) => error.SqliteErrorCode == raw.SQLITE_BUSY
        ? new StoreLockedException($"{what}: {Explain(error)}")
        : new LabException($"{what}: {Explain(error)}", error);

    public static string Explain(SqliteException error) => Known(error) ?? error.Message;

    private static string? Known(SqliteException error) => error.SqliteErrorCode switch
    {
        raw.SQLITE_NOTADB => "the file is not a SQLite database. Run `db rebuild` to create a new one from the store.",
        raw.SQLITE_CORRUPT => "the database is damaged. Run `db rebuild` to create it again from the store.",
        raw.SQLITE_BUSY => $"another process has locked it for {LabDatabase.BusySeconds} s. Wait for that process or stop it, then run the same command again.",
        raw.SQLITE_CANTOPEN => "the file does not exist, or you have no permission to read and write it or its folder.",
        raw.SQLITE_READONLY => "you have no permission to write to it or its folder.",
        raw.SQLITE_FULL => "the disk is full. Free some space and run the command again; no computed result is lost.",
        raw.SQLITE_IOERR => $"the disk reports an error ({error.Message}).",
        _ => null,
    };
}
