using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Tracking;

/// <summary>Tells what the machine does to a database from what would be a bug of ours, such as a violated constraint.</summary>
internal static class EnvironmentFault
{
    public static bool Is(SqliteException error) => Known(error) is not null;

    public static string Explain(SqliteException error) => Known(error) ?? error.Message;

    private static string? Known(SqliteException error) => error.SqliteErrorCode switch
    {
        raw.SQLITE_NOTADB => "it is no SQLite database; `db rebuild` makes one in its place from the store.",
        raw.SQLITE_CORRUPT => "it is damaged; `db rebuild` makes it anew from the store.",
        raw.SQLITE_BUSY => $"another process has held it for {LabDatabase.BusySeconds} s. Wait for that process, or end it.",
        raw.SQLITE_CANTOPEN => "it is not there or may not be read and written by this user.",
        raw.SQLITE_READONLY => "this user may not write to it or its folder.",
        raw.SQLITE_FULL => "the disk is full. Make room and run again; nothing that was computed is lost.",
        raw.SQLITE_IOERR => $"the disk reports an error ({error.Message}).",
        _ => null,
    };
}
