using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Live;

/// <summary>
/// The database, for reading only, one question at a time. It is let go of when nobody asks, since `db rebuild` is refused while
/// anybody has it open; and it is opened anew now and then, since who has a file open never knows that another was put in its place.
/// </summary>
internal sealed class DatabaseView(string path, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private LabDatabase? _database;
    private long _opened;
    private long _asked;
    private int _generation;

    /// <exception cref="LabException">It is not there, or cannot be read.</exception>
    public T Read<T>(Func<RunQueries, T> ask)
    {
        lock (_gate)
        {
            return ask(new RunQueries(Open()));
        }
    }

    /// <summary>Equal to an earlier answer where nobody has written since.</summary>
    /// <exception cref="LabException">As <see cref="Read"/>.</exception>
    public (int Generation, long Number) Version()
    {
        lock (_gate)
        {
            var queries = new RunQueries(Open());
            return (_generation, queries.Version());
        }
    }

    /// <summary>Closes it where nobody has asked for a while; the next question opens it again.</summary>
    public void LetGo()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_asked) >= Idle)
                Close();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Close();
        }
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }

    private LabDatabase Open()
    {
        _asked = time.GetTimestamp();
        if (_database is not null && time.GetElapsedTime(_opened) < Age)
            return _database;
        Close();
        _database = LabDatabase.OpenReadOnly(path);
        _opened = time.GetTimestamp();
        _generation++;
        return _database;
    }
}
