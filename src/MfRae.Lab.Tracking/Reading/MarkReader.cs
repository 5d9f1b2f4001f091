using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads tags, notes and what is archived.</summary>
internal sealed class MarkReader(SqliteConnection connection)
{
    public Marks Read() => new(
        1,
        connection.Query<Mark>("SELECT kind, subject, tag AS text FROM tag ORDER BY kind, subject, tag").ToList(),
        connection.Query<Mark>("SELECT kind, subject, note AS text FROM note ORDER BY kind, subject").ToList(),
        connection.Query<string>("SELECT experiment FROM archived ORDER BY experiment").ToList());
}
