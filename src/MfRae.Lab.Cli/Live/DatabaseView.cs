using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// The database, opened for reading, one query at a time. It is closed when idle, because <c>db rebuild</c> refuses to replace an open
/// database; and it is reopened regularly, because an open connection does not notice that its file was replaced.
/// </summary>
internal sealed class DatabaseView(string path, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private LabDatabase? _database;
    private long _opened;
    private long _used;
    private int _generation;

    /// <exception cref="LabException">The database does not exist or cannot be read.</exception>
    public T Read<T>(Func<RunQueries, T> query)
    {
        lock (_gate)
            return query(new RunQueries(Open()));
    }

    /// <summary>Equal to an earlier version if nothing was written in between.</summary>
    /// <exception cref="LabException">The database does not exist or cannot be read.</exception>
    public (int Generation, long Number) Version() => Read(queries => (_generation, queries.Version()));

    /// <summary>Closes the database if it was not used for a while; the next query opens it again.</summary>
    public void CloseIfIdle()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_used) >= MaxIdle)
                Close();
        }
    }

    public void Dispose()
    {
        lock (_gate)
            Close();
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }

    private LabDatabase Open()
    {
        _used = time.GetTimestamp();
        if (_database is not null && time.GetElapsedTime(_opened) < MaxAge)
            return _database;
        Close();
        _database = LabDatabase.OpenReadOnly(path);
        _opened = time.GetTimestamp();
        _generation++;
        return _database;
    }
}
