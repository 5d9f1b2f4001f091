using Dapper;
using MfRae.Lab.Core.Experiments;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Care;

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
