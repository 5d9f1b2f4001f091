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
        this._opened = opened;
        Path = path;
        Connection = connection;
        Notice = notice;
        IsReadOnly = readOnly;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Nothing can be written: it was opened so, or its schema is newer than this program.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What the user should know about the database, or null.</summary>
    public string? Notice { get; }

    internal SqliteConnection Connection { get; }

    /// <summary>A connection serves one thread at a time.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>For the coordinator: creates the file and its folder where they are missing.</summary>
    /// <exception cref="LabException">It is no database of ours, or on a network file system, or cannot be opened.</exception>
    public static LabDatabase OpenOrCreate(string path)
    {
        NetworkFileSystem.Refuse(path);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the folder of the database {path} cannot be created: {error.Message}", error);
        }

        return Open(path, SqliteOpenMode.ReadWriteCreate);
    }

    /// <summary>For changes to what exists: a missing file is an error and never created.</summary>
    /// <exception cref="LabException">As <see cref="OpenOrCreate"/>, or there is no such file.</exception>
    public static LabDatabase OpenExisting(string path)
    {
        RequireFile(path);
        NetworkFileSystem.Refuse(path);
        return Open(path, SqliteOpenMode.ReadWrite);
    }

    /// <summary>
    /// For queries and reports, also while another process writes, on a read-only file system, and in a folder of another user.
    /// </summary>
    /// <exception cref="LabException">As <see cref="OpenExisting"/>, or the schema is too old to be read without a migration.</exception>
    public static LabDatabase OpenReadOnly(string path)
    {
        RequireFile(path);
        NetworkFileSystem.Refuse(path);
        return Open(path, SqliteOpenMode.ReadOnly);
    }

    public void Dispose() => Connection.Dispose();

    /// <summary>One transaction.</summary>
    /// <exception cref="LabException">It can only be read, or the machine does not let it be written.</exception>
    /// <exception cref="StoreLockedException">Another process holds it.</exception>
    internal void Write(Action<Writer> work)
    {
        if (IsReadOnly)
        {
            throw new LabException(Notice ?? $"{Path} was opened for reading only");
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
                throw EnvironmentFault.Of(error, $"the database {Path} cannot be written");
            }
        }
    }

    /// <summary>A database that was opened without locks is read in vain where somebody writes to it meanwhile.</summary>
    /// <exception cref="LabException">Somebody has.</exception>
    internal void RequireUnchanged()
    {
        if (_opened is { } then && !ReadableDatabase.IsUnchanged(Path, then))
        {
            throw new LabException($"the database {Path} was changed while it was read without locks; run the same command again");
        }
    }

    private static void RequireFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new LabException(
                $"there is no database at {System.IO.Path.GetFullPath(path)}. Running an experiment creates one; if it is elsewhere, "
                    + "give its path.");
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
                var notice = $"{path} has schema {version}; this program knows {Schema.Latest}. It is opened for reading only: "
                    + "update the program to write to it.";
                connection.Dispose();
                connection = ReadableDatabase.Connect(path, out opened);
                connection.Execute("PRAGMA query_only = ON");
                return new LabDatabase(path, connection, notice, readOnly: true, opened);
            }

            if (mode == SqliteOpenMode.ReadOnly)
            {
                if (version < Schema.Latest)
                {
                    throw new LabException($"{path} has the older schema {version}; this program reads {Schema.Latest}. Running an "
                        + "experiment brings it up to date.");
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
                ? new LabException($"the database {path} cannot be opened: this user may not write to it or its folder", error)
                : EnvironmentFault.Of(error, $"the database {path} cannot be opened");
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    internal static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        // Without pooling, closing closes: the last one to close folds the write-ahead log into the file.
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
            throw new LabException($"{path} is a SQLite database of another program; give the path of a results database, or of a "
                + "file that does not exist yet.");
        }
    }
}

/// <summary>Tells what the machine does to a database from what would be a bug of ours, such as a violated constraint.</summary>
internal static class EnvironmentFault
{
    public static bool Is(SqliteException error) => Known(error) is not null;

    /// <summary>The exception to throw in its place.</summary>
    /// <param name="what">What cannot be done to which database.</param>
    public static Exception Of(SqliteException error, string what) => error.SqliteErrorCode == raw.SQLITE_BUSY
        ? new StoreLockedException($"{what}: {Explain(error)}")
        : new LabException($"{what}: {Explain(error)}", error);

    public static string Explain(SqliteException error) => Known(error) ?? error.Message;

    private static string? Known(SqliteException error) => error.SqliteErrorCode switch
    {
        raw.SQLITE_NOTADB => "it is no SQLite database; `db rebuild` makes one in its place from the store.",
        raw.SQLITE_CORRUPT => "it is damaged; `db rebuild` makes it anew from the store.",
        raw.SQLITE_BUSY => $"another process has held it for {LabDatabase.BusySeconds} s. Wait for that process, or end it; then run the same command again.",
        raw.SQLITE_CANTOPEN => "it is not there, or it or its folder may not be read and written by this user.",
        raw.SQLITE_READONLY => "this user may not write to it or its folder.",
        raw.SQLITE_FULL => "the disk is full. Make room and run again; nothing that was computed is lost.",
        raw.SQLITE_IOERR => $"the disk reports an error ({error.Message}).",
        _ => null,
    };
}
