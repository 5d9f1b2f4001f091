using Dapper;
using MfRae.Lab.Core;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Database;

/// <summary>
/// Opens databases for reading, even if the user has no permission to write to the file and its folder. SQLite then cannot create the
/// files of a write-ahead log. If there is no log with content, it needs no such file and reads the database as an immutable file.
/// </summary>
internal static class ReadableDatabase
{
    /// <param name="path">The path of the file.</param>
    /// <param name="fixedSize">Length and time of the file if it was opened as immutable; null if SQLite's locks protect the reads.</param>
    /// <exception cref="SqliteException">SQLite cannot open the file.</exception>
    /// <exception cref="LabException">The file cannot be read, for a reason that SQLite does not report.</exception>
    public static SqliteConnection Connect(string path, out (long Length, DateTime Written)? fixedSize)
    {
        fixedSize = null;
        SqliteConnection? connection = null;
        try
        {
            connection = LabDatabase.Connect(path, SqliteOpenMode.ReadOnly);
            // SQLite opens the files here.
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

    /// <summary>Whether the file is unchanged and has no write-ahead log.</summary>
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
            throw new LabException($"{path}: cannot read the database: {error.Message}", error);
        }
    }

    private static void RequireNoLog(string path)
    {
        if (HasLog(path))
        {
            throw new LabException($"{path}: cannot read the database: its newest changes are in {path}-wal, and SQLite needs permission to write "
                + "to the folder to read them. Run `db check` once as a user with that permission, or copy both files to another folder and "
                + "give the copy with --db.");
        }
    }

    private static string Unchanging(string path)
    {
        var full = Path.GetFullPath(path).Replace('\\', '/');
        var escaped = string.Join('/', full.Split('/').Select(Uri.EscapeDataString)).Replace("%3A", ":", StringComparison.Ordinal);
        return $"file://{(full.StartsWith('/') ? "" : "/")}{escaped}?immutable=1";
    }
}
