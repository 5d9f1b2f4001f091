using Dapper;
using MfRae.Lab.Core;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database;

/// <summary>
/// Opens databases for reading, also where this user may write neither the file nor its folder. SQLite then cannot make the files that
/// go with a write-ahead log; without a log with content it needs none of them, and the file is read as one that nobody changes.
/// </summary>
internal static class ReadableDatabase
{
    /// <param name="fixedSize">What the file was when it was opened as unchanging; null where SQLite's locks protect the reading.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    /// <exception cref="LabException">It cannot be read here, for a reason that SQLite does not tell.</exception>
    public static SqliteConnection Connect(string path, out (long Length, DateTime Written)? fixedSize)
    {
        fixedSize = null;
        SqliteConnection? connection = null;
        try
        {
            connection = LabDatabase.Connect(path, SqliteOpenMode.ReadOnly);
            // The files are opened only now.
            connection.ExecuteScalar<long>("PRAGMA schema_version");
            return connection;
        }
        catch (SqliteException error) when (error.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY)
        {
            connection?.Dispose();
            RequireReadable(path);
            RequireNoLog(path);
            fixedSize = State(path);
            return LabDatabase.Connect(Unchanging(path), SqliteOpenMode.ReadOnly);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file is the one that was opened, and no log has come beside it.</summary>
    public static bool IsUnchanged(string path, (long Length, DateTime Written) then) => State(path) == then && !HasLog(path);

    private static (long Length, DateTime Written) State(string path) =>
        new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : (-1, default);

    private static bool HasLog(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    private static void RequireReadable(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new LabException($"the database {path} cannot be read: {error.Message}", error);
        }
    }

    private static void RequireNoLog(string path)
    {
        if (HasLog(path))
        {
            throw new LabException($"the database {path} cannot be read: its newest changes are in {path}-wal, and SQLite takes them in only "
                + "where it can write to the folder. Open it once as a user who may write there (`db check` is enough), or copy both files to a "
                + "folder where this user may write, and name the copy with --db.");
        }
    }

    private static string Unchanging(string path)
    {
        var full = Path.GetFullPath(path).Replace('\\', '/');
        var escaped = string.Join('/', full.Split('/').Select(Uri.EscapeDataString)).Replace("%3A", ":", StringComparison.Ordinal);
        return $"file://{(full.StartsWith('/') ? "" : "/")}{escaped}?immutable=1";
    }
}
