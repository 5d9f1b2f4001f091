using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Serving;

/// <summary>
/// The database, for reading only, one question at a time. It is let go of when nobody asks, since `db rebuild` is refused while
/// anybody has it open; and it is opened anew now and then, since who has a file open never knows that another was put in its place.
/// </summary>
internal sealed class DatabaseView(string path, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private LabDatabase? database;
    private long opened;
    private long asked;
    private int generation;

    /// <exception cref="LabException">It is not there, or cannot be read.</exception>
    public T Read<T>(Func<RunQueries, T> ask)
    {
        lock (gate)
        {
            return ask(new RunQueries(Open()));
        }
    }

    /// <summary>Equal to an earlier answer where nobody has written since.</summary>
    /// <exception cref="LabException">As <see cref="Read"/>.</exception>
    public (int Generation, long Number) Version()
    {
        lock (gate)
        {
            var queries = new RunQueries(Open());
            return (generation, queries.Version());
        }
    }

    /// <summary>Closes it where nobody has asked for a while; the next question opens it again.</summary>
    public void LetGo()
    {
        lock (gate)
        {
            if (time.GetElapsedTime(asked) >= Idle)
                Close();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            Close();
        }
    }

    private void Close()
    {
        database?.Dispose();
        database = null;
    }

    private LabDatabase Open()
    {
        asked = time.GetTimestamp();
        if (database is not null && time.GetElapsedTime(opened) < Age)
            return database;
        Close();
        database = LabDatabase.OpenReadOnly(path);
        opened = time.GetTimestamp();
        generation++;
        return database;
    }
}
