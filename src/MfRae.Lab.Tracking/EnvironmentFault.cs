using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MfRae.Lab.Tracking;

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
